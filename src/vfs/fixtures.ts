import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Hash } from '../base/hash.ts';
import { systemRandom } from '../base/random.ts';
import { BlobStore } from '../blob/blob-store.ts';
import { addFile } from '../blob/file.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { buildTree } from '../tree/build.ts';
import type { Entry } from '../tree/entry.ts';
import { NodeStore } from '../tree/node-store.ts';
import { ancestorsOf, pathFromText, type TreePath } from '../tree/path.ts';
import { ContentCache } from './content-cache.ts';
import type { Attributes, Caller, FileSystem } from './file-system.ts';
import { resident } from './resident.ts';
import { openSessionFileSystem, type SessionFileSystem } from './session-file-system.ts';
import { openTreeFileSystem } from './tree-file-system.ts';

/** For tests: what a base tree has at a path: a directory, a symlink, or a file. */
export type BaseFile =
  | { readonly directory: number }
  | { readonly target: string }
  | { readonly bytes: Uint8Array; readonly mode?: number };

/** For tests: a project in memory, and a tree in it with `files`; directories above them are made. */
export async function contentWith(
  files: Readonly<Record<string, BaseFile>>,
): Promise<{ content: ContentCache; tree: Hash }> {
  const blobs = new BlobStore(new MemoryStore(), 'micelio-test/projects/test');
  const batch = await blobs.openBatch();
  const entries = new Map<TreePath, Entry>();
  for (const [text, file] of Object.entries(files)) {
    const path = pathFromText(text);
    for (const above of ancestorsOf(path)) {
      if (!entries.has(above)) entries.set(above, { type: 'directory', mode: 0o755 });
    }
    if ('directory' in file) entries.set(path, { type: 'directory', mode: file.directory });
    else if ('target' in file) {
      const target = Buffer.from(file.target);
      entries.set(path, { type: 'symlink', size: target.length, hash: batch.add(target) });
    } else {
      const added = await addFile(batch, file.bytes);
      entries.set(path, { type: 'file', mode: file.mode ?? 0o644, ...added });
    }
  }
  const tree = buildTree({ add: (bytes) => batch.add(bytes, 'node') }, entries);
  await batch.flush();
  return { content: new ContentCache(blobs, new NodeStore(blobs)), tree };
}

/** For tests: brings `files`, which are in `tree`, into memory. */
export async function warmUp(
  content: ContentCache,
  tree: Hash,
  files: Readonly<Record<string, BaseFile>>,
): Promise<void> {
  const fileSystem = await openTreeFileSystem({ content, tree, owner: baseOwner });
  for (const [path, file] of Object.entries(files)) {
    if ('bytes' in file) await bytesAt(fileSystem, path);
    if (!('target' in file)) continue;
    const { inode } = await fileAt(fileSystem, path);
    await resident(() => fileSystem.readLink(inode));
  }
}

export function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-vfs-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** For tests: the superuser. */
export const superuser: Caller = { uid: 0, gid: 0, groups: [] };

/** For tests: to whom base files belong. */
export const baseOwner = { uid: 1000, gid: 1000, time: { seconds: 1_700_000_000, nanoseconds: 0 } };

/** For tests: a session's file system on `tree`, kept in `directory`. */
export function openFileSystem(
  content: ContentCache,
  tree: Hash,
  directory: string,
): Promise<SessionFileSystem> {
  const clock = { now: () => Date.now() };
  const owner = baseOwner;
  return openSessionFileSystem({
    directory,
    content,
    base: tree,
    owner,
    clock,
    random: systemRandom,
    boot: 'test',
  });
}

/** For tests: the file at `path`. */
export async function fileAt(fileSystem: FileSystem, path: string): Promise<Attributes> {
  let inode = fileSystem.root;
  for (const name of path.split('/')) {
    const directory = inode;
    inode = (await resident(() => fileSystem.lookup(superuser, directory, name))).inode;
  }
  return resident(() => fileSystem.attributes(inode));
}

/** For tests: all bytes of the file at `path`. */
export async function bytesAt(fileSystem: FileSystem, path: string): Promise<Buffer> {
  const { inode, size } = await fileAt(fileSystem, path);
  const { pieces } = await resident(() => fileSystem.read(superuser, inode, 0, size));
  return Buffer.concat(pieces);
}
