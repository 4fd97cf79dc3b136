import { createHash } from 'node:crypto';
import type { Edit } from '../../src/merge/directory-edits.ts';
import type { Entry } from '../../src/tree/entry.ts';
import type { GitObjects } from './git-objects.ts';

export interface GitTreeEntry {
  readonly mode: number;
  readonly name: string;
  readonly id: string;
}

/** The id that git gives an object. `hexLength` is the length of ids in the repository: 40 for SHA-1, 64 for SHA-256. */
export function gitObjectId(type: 'blob' | 'tree', content: Uint8Array, hexLength: number): string {
  return createHash(hexLength === 40 ? 'sha1' : 'sha256')
    .update(`${type} ${content.length}\0`)
    .update(content)
    .digest('hex');
}

/** The id of the git tree that `edits` make of the tree `id`. Nothing is written. */
export async function editedTreeId(objects: GitObjects, id: string, edits: readonly Edit[]): Promise<string> {
  const leaves = edits
    .filter(({ entry }) => entry?.type !== 'directory')
    .map(({ path, entry }) => ({ segments: path.split('/'), entry }));
  const edited = await editTree(objects, id, leaves, id.length);
  return edited ?? gitObjectId('tree', new Uint8Array(), id.length);
}

interface RelativeEdit {
  readonly segments: readonly string[];
  readonly entry: Entry | undefined;
}

/** Returns undefined for a tree that is left without entries; git has no such directories. */
async function editTree(
  objects: GitObjects,
  id: string | undefined,
  edits: readonly RelativeEdit[],
  hexLength: number,
): Promise<string | undefined> {
  const entries = new Map<string, GitTreeEntry>();
  if (id !== undefined) {
    for (const entry of parseTree(await objects.read(id), hexLength / 2)) entries.set(entry.name, entry);
  }
  for (const [name, group] of Map.groupBy(edits, ({ segments }) => segments[0]!)) {
    const inside = group.filter(({ segments }) => segments.length > 1);
    const here = group.find(({ segments }) => segments.length === 1);
    const known = entries.get(name);
    const directory = known?.mode === 0o040000 ? known.id : undefined;
    const below =
      inside.length === 0
        ? directory
        : await editTree(
            objects,
            directory,
            inside.map(({ segments, entry }) => ({ segments: segments.slice(1), entry })),
            hexLength,
          );
    if (here?.entry !== undefined) {
      if (below !== undefined) throw new Error(`${name} would be a file and a directory.`);
      entries.set(name, { name, ...gitModeAndId(here.entry) });
    } else if (below !== undefined) {
      entries.set(name, { name, mode: 0o040000, id: below });
    } else if (directory !== undefined || here !== undefined) {
      entries.delete(name);
    }
  }
  if (entries.size === 0) return undefined;
  return gitObjectId('tree', formatTree([...entries.values()]), hexLength);
}

function gitModeAndId(entry: Entry): { mode: number; id: string } {
  switch (entry.type) {
    case 'file':
      return { mode: (entry.mode & 0o111) === 0 ? 0o100644 : 0o100755, id: entry.hash };
    case 'symlink':
      return { mode: 0o120000, id: entry.hash };
    case 'gitlink':
      return { mode: 0o160000, id: entry.commit };
    case 'directory':
      throw new Error('Directories have no entry of their own in an edit of a git tree.');
  }
}

/** The entries of a git tree object, whose ids have `idBytes` bytes. */
export function parseTree(content: Buffer, idBytes: number): GitTreeEntry[] {
  const entries: GitTreeEntry[] = [];
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const end = content.indexOf(0, space);
    entries.push({
      mode: canonicalMode(Number.parseInt(content.toString('latin1', at, space), 8)),
      name: content.toString('latin1', space + 1, end),
      id: content.toString('hex', end + 1, end + 1 + idBytes),
    });
    at = end + 1 + idBytes;
  }
  return entries;
}

/** Trees of old have more permissions in them; git reads and rewrites them like this. */
function canonicalMode(mode: number): number {
  if ((mode & 0o170000) !== 0o100000) return mode & 0o170000;
  return (mode & 0o100) === 0 ? 0o100644 : 0o100755;
}

function formatTree(entries: GitTreeEntry[]): Buffer {
  const key = ({ name, mode }: GitTreeEntry) => (mode === 0o040000 ? `${name}/` : name);
  entries.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return Buffer.concat(
    entries.flatMap(({ mode, name, id }) => [
      Buffer.from(`${mode.toString(8)} ${name}\0`, 'latin1'),
      Buffer.from(id, 'hex'),
    ]),
  );
}
