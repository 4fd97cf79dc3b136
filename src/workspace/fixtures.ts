import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Hash } from '../base/hash.ts';
import { BlobStore } from '../blob/blob-store.ts';
import { readWholeFile } from '../blob/file.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { Entry } from '../tree/entry.ts';
import { listAll } from '../tree/lookup.ts';
import { NodeStore } from '../tree/node-store.ts';
import { textFromPath } from '../tree/path.ts';
import type { ProjectContent } from './project-content.ts';

/** For tests: an empty directory that goes with the test. */
export function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-workspace-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** For tests: an empty project in memory. */
export function memoryContent(): ProjectContent {
  return contentIn(new MemoryStore());
}

/** For tests: a project in a store. */
export function contentIn(store: ObjectStore): ProjectContent {
  const blobs = new BlobStore(store, 'micelio-test/projects/test');
  return { blobs, nodes: new NodeStore(blobs) };
}

/** For tests: a tree as an object, each path with what it is: `644 text`, `-> target`, `755/` or `@commit`. */
export async function described(content: ProjectContent, tree: Hash): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for await (const { path, entry } of listAll(content.nodes, tree)) {
    result[textFromPath(path)] = await describe(content, entry);
  }
  return result;
}

async function describe(content: ProjectContent, entry: Entry): Promise<string> {
  switch (entry.type) {
    case 'file':
      return `${entry.mode.toString(8)} ${(await readWholeFile(content.blobs, entry)).toString('latin1')}`;
    case 'symlink':
      return `-> ${(await readWholeFile(content.blobs, entry)).toString('latin1')}`;
    case 'directory':
      return `${entry.mode.toString(8)}/`;
    case 'gitlink':
      return `@${entry.commit}`;
  }
}
