import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import { importDirectory } from '../../src/workspace/import-directory.ts';
import { write } from '../mic.ts';
import { openTestProject } from '../test-project.ts';
import type { BucketScratch } from './bucket-scratch.ts';

/** Something that one command does, and that can be done once. */
export interface Deed {
  /** The arguments of `mic`. */
  readonly args: readonly string[];
  /** The directory that it runs in. */
  readonly in: string;
  /** Requires that it has been done, exactly once. */
  requireDone(): Promise<void>;
}

/** Makes one deed after the other. */
export type Deeds = () => Promise<Deed>;

interface ShownProject {
  readonly sequence: number;
  readonly tree: string;
}
interface ShownSession {
  readonly tree: string;
  readonly landed: number | null;
  readonly checkpoints: readonly unknown[];
}

const base = { 'a.txt': 'a\n', 'dir/b.txt': 'b\n' };

/** Imports of some packs of files. */
export function imports(scratch: BucketScratch): Deeds {
  let count = 0;
  return async () => {
    const name = `acme/import-${++count}`;
    const from = scratch.files(name, { ...base, ...bulk(30) });
    const tree = await treeOf(from);
    await scratch.mic(['project', 'create', name]);
    return {
      args: ['project', 'import', name, `--from=${from}`],
      in: scratch.directory,
      async requireDone() {
        const project = await scratch.json<ShownProject>(['project', 'show', name]);
        assert.deepEqual([project.sequence, project.tree], [1, tree]);
      },
    };
  };
}

/** Checkpoints of some packs of files, of a session each. */
export function checkpoints(scratch: BucketScratch): Deeds {
  const name = 'acme/checkpoints';
  const project = scratch.project(name, base);
  let count = 0;
  return async () => {
    await project;
    const { id, workspace } = await scratch.session(name);
    const tree = await editBoth(workspace, scratch.files(`copy ${++count}`, base), `new-${count}`);
    return {
      args: ['session', 'checkpoint'],
      in: workspace,
      async requireDone() {
        const session = await scratch.json<ShownSession>(['session', 'show', id]);
        assert.deepEqual([session.tree, session.checkpoints.length], [tree, 1]);
      },
    };
  };
}

/** Landings of some packs of files, one upon the other. Each has to be done before the next is made. */
export function landings(scratch: BucketScratch): Deeds {
  const name = 'acme/landings';
  const project = scratch.project(name, base);
  const copy = scratch.files('copy of the head', base);
  let head = 1;
  return async () => {
    await project;
    const { id, workspace } = await scratch.session(name);
    const sequence = ++head;
    const tree = await editBoth(workspace, copy, `new-${sequence}`);
    return {
      args: ['land'],
      in: workspace,
      async requireDone() {
        const session = await scratch.json<ShownSession>(['session', 'show', id]);
        const shown = await scratch.json<ShownProject>(['project', 'show', name]);
        assert.deepEqual([shown.sequence, shown.tree, session.landed], [sequence, tree, sequence]);
      },
    };
  };
}

/** Writes the same new files into two directories, and answers the tree that the second one is then. */
async function editBoth(workspace: string, copy: string, folder: string): Promise<string> {
  for (const [path, bytes] of Object.entries(bulk(15))) {
    for (const place of [workspace, copy]) write(join(place, folder, path), bytes);
  }
  return treeOf(copy);
}

/** Files that do not compress, `mebibytes` in all: packs of 12 MiB, so that storing them takes a while. */
function bulk(mebibytes: number): Record<string, Uint8Array> {
  const names = Array.from({ length: mebibytes * 2 }, (_, i) => `${i}.bin`);
  return Object.fromEntries(names.map((name) => [name, randomBytes(512 * 1024)]));
}

async function treeOf(directory: string): Promise<string> {
  const project = await openTestProject({}, new MemoryStore());
  return `sha256:${(await importDirectory(project, directory)).tree}`;
}
