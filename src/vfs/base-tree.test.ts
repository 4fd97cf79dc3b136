import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hashOf } from '../base/hash.ts';
import { BlobStore } from '../blob/blob-store.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { buildTree } from '../tree/build.ts';
import type { Entry } from '../tree/entry.ts';
import { NodeStore } from '../tree/node-store.ts';
import { pathFromText, rootPath, type TreePath } from '../tree/path.ts';
import { BaseTree } from './base-tree.ts';
import { resident } from './resident.ts';

const directories = 40;
const filesEach = 500;

/** A tree of 20,000 files whose nodes have never been read. Counts what is asked of the store. */
async function coldTree() {
  const store = new MemoryStore();
  const entries = new Map<TreePath, Entry>();
  for (let d = 0; d < directories; d++) {
    entries.set(pathFromText(`d${d}`), { type: 'directory', mode: 0o755 });
    for (let f = 0; f < filesEach; f++) {
      const hash = hashOf(Buffer.from(`${d} ${f}`));
      entries.set(pathFromText(`d${d}/file-${f}`), { type: 'file', mode: 0o644, size: 1, hash });
    }
  }
  const batch = await new BlobStore(store, 'p').openBatch();
  const root = buildTree({ add: (bytes) => batch.add(bytes, 'node') }, entries);
  await batch.flush();
  const counted = { requests: 0 };
  const { get } = store;
  store.get = (...request) => {
    counted.requests++;
    return get.apply(store, request);
  };
  const nodes = new NodeStore(new BlobStore(store, 'p'));
  return { nodes, counted, base: await BaseTree.open(nodes, root), entries };
}

describe('a tree of which nothing is in memory', () => {
  test('is walked with a few requests, many nodes in each', async () => {
    const { base, counted, nodes, entries } = await coldTree();
    let seen = 0;
    const walk = async (directory: TreePath): Promise<void> => {
      const below: TreePath[] = [];
      await resident(() => {
        below.length = 0;
        return base.list(directory, base.firstRankIn(directory), (_, name, entry) => {
          below.push((directory === rootPath ? name : `${directory}/${name}`) as TreePath);
          return entry !== undefined;
        });
      });
      for (const path of below) {
        seen++;
        if (entries.get(path)!.type === 'directory') await walk(path);
      }
    };
    await walk(rootPath);
    assert.equal(seen, entries.size);
    assert.ok(nodes.reads > 80, `${nodes.reads} nodes`);
    assert.ok(counted.requests < nodes.reads / 3, `${counted.requests} requests for ${nodes.reads} nodes`);
  });

  test('gives one entry for as many requests as it has levels', async () => {
    const { base, counted } = await coldTree();
    const before = counted.requests;
    const found = await resident(() => base.find(pathFromText('d7'), 'file-123'));
    assert.ok(found);
    assert.ok(counted.requests - before <= 3, `${counted.requests - before} requests`);
    const { path } = await resident(() => base.at(found.rank));
    assert.equal(path, 'd7/file-123');
  });
});

test('ranks and names lead to each other', async () => {
  const { base, entries } = await coldTree();
  assert.equal(base.count, entries.size);
  for (let rank = 0; rank < base.count; rank += 97) {
    const { path } = await resident(() => base.at(rank));
    const slash = path.lastIndexOf('/');
    const directory = path.slice(0, Math.max(slash, 0)) as TreePath;
    assert.equal((await resident(() => base.find(directory, path.slice(slash + 1))))?.rank, rank);
  }
  assert.equal(await resident(() => base.find(rootPath, 'absent')), undefined);
  assert.equal(await resident(() => base.rankOfDirectory(rootPath)), -1);
});
