import type { Hash } from '../base/hash.ts';
import { readWholeFile } from '../blob/file.ts';
import { DiffTooCostly } from '../merge/diff-cost.ts';
import { looksBinary } from '../merge/text-merge.ts';
import { unifiedDiff } from '../merge/unified-diff.ts';
import { type TreeChange, treeChanges } from '../tree/diff.ts';
import type { Entry } from '../tree/entry.ts';
import { pathBytes, type TreePath } from '../tree/path.ts';
import type { ProjectContext } from './project.ts';

/** Files above this size, in bytes, are only said to differ. */
const diffedFileBytesMax = 16 * 1024 * 1024;

/** What differs between two trees as a patch in git's format, files in the order of their paths. */
export async function sessionPatch(project: ProjectContext, before: Hash, after: Hash): Promise<Buffer> {
  const changes = await treeChanges(project.nodes, before, after);
  changes.sort((a, b) => (a.path < b.path ? -1 : 1));
  const pieces: Buffer[] = [];
  for (const change of changes) pieces.push(await filePatch(project, change));
  return Buffer.concat(pieces);
}

async function filePatch(project: ProjectContext, { path, before, after }: TreeChange): Promise<Buffer> {
  const [old, young] = [gitMode(before), gitMode(after)];
  if (old === undefined && young === undefined) return Buffer.alloc(0);
  if (old !== undefined && young !== undefined && old.slice(0, 3) !== young.slice(0, 3)) {
    // git writes a change of type as a file that goes and one that comes.
    const gone = await filePatch(project, { path, before, after: undefined });
    return Buffer.concat([gone, await filePatch(project, { path, before: undefined, after })]);
  }
  const [a, b] = [quoted('a/', path), quoted('b/', path)];
  const lines: Buffer[] = [Buffer.concat([text('diff --git '), a, text(' '), b])];
  if (old === undefined) lines.push(text(`new file mode ${young}`));
  else if (young === undefined) lines.push(text(`deleted file mode ${old}`));
  else if (old !== young) lines.push(text(`old mode ${old}`), text(`new mode ${young}`));
  const head = Buffer.concat(lines.flatMap((line) => [line, text('\n')]));
  const body = await contentPatch(project, before, after);
  if (body === 'binary')
    return Buffer.concat([
      head,
      text('Binary files '),
      old ? a : text('/dev/null'),
      text(' and '),
      young ? b : text('/dev/null'),
      text(' differ\n'),
    ]);
  if (body.length === 0) return head;
  const files = [
    text('--- '),
    old ? a : text('/dev/null'),
    text(old ? `${nameEnd(path)}\n+++ ` : '\n+++ '),
    young ? b : text('/dev/null'),
    text(young ? `${nameEnd(path)}\n` : '\n'),
  ];
  return Buffer.concat([head, ...files, body]);
}

async function contentPatch(
  project: ProjectContext,
  before: Entry | undefined,
  after: Entry | undefined,
): Promise<Buffer | 'binary'> {
  const [old, young] = [await contentOf(project, before), await contentOf(project, after)];
  if (old === 'large' || young === 'large') return sameContent(before, after) ? Buffer.alloc(0) : 'binary';
  if (old.equals(young)) return Buffer.alloc(0);
  if (looksBinary(old) || looksBinary(young)) return 'binary';
  try {
    return unifiedDiff(old, young);
  } catch (error) {
    if (error instanceof DiffTooCostly) return 'binary';
    throw error;
  }
}

async function contentOf(project: ProjectContext, entry: Entry | undefined): Promise<Buffer | 'large'> {
  if (entry === undefined || entry.type === 'directory') return Buffer.alloc(0);
  if (entry.type === 'gitlink') return text(`Subproject commit ${entry.commit}\n`);
  return entry.size > diffedFileBytesMax ? 'large' : readWholeFile(project.blobs, entry);
}

function sameContent(before: Entry | undefined, after: Entry | undefined): boolean {
  return before?.type === 'file' && after?.type === 'file' && before.hash === after.hash;
}

function gitMode(entry: Entry | undefined): string | undefined {
  switch (entry?.type) {
    case 'file':
      return (entry.mode & 0o111) === 0 ? '100644' : '100755';
    case 'symlink':
      return '120000';
    case 'gitlink':
      return '160000';
    default:
      return undefined;
  }
}

/** A path as git quotes it in a patch: in double quotes with octal escapes where it has odd bytes. */
function quoted(prefix: string, path: TreePath): Buffer {
  const bytes = pathBytes(path);
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c))
    return text(prefix + path);
  let escaped = '';
  for (const byte of bytes) {
    if (byte === 0x22 || byte === 0x5c) escaped += `\\${String.fromCharCode(byte)}`;
    else if (byte >= 0x20 && byte < 0x7f) escaped += String.fromCharCode(byte);
    else escaped += `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return text(`"${prefix}${escaped}"`);
}

/** Programs that look for a time behind the name would otherwise end a name at its first space. */
function nameEnd(path: TreePath): string {
  return path.includes(' ') ? '\t' : '';
}

function text(words: string): Buffer {
  return Buffer.from(words, 'latin1');
}
