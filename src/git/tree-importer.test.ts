import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWholeFile } from '../blob/file.ts';
import type { FileEntry } from '../tree/entry.ts';
import { lookup } from '../tree/lookup.ts';
import { NodeTransaction } from '../tree/node-store.ts';
import type { TreePath } from '../tree/path.ts';
import { importRevision } from './import.ts';
import { file, memoryProject, ScratchRepository } from './scratch-repository.ts';
import { TreeImporter } from './tree-importer.ts';

test('one importer gives for tree after tree what imports of their own give, in one batch or several', async (t) => {
  const scratch = ScratchRepository.create(t);
  const large = 'x'.repeat(2_000_000);
  const states = [
    { a: file('1'), 'd/b': file('2'), large: file(large) },
    { a: file('2'), 'e/c': file('1'), large: file('small') },
    { 'd/b': file('1'), moved: file(large), new: file('3') },
    { a: file('1'), 'd/b': file('2'), large: file(large) },
  ];
  const commits = scratch.commits(states.map((state) => new Map(Object.entries(state))));
  const repository = await scratch.open();
  const project = memoryProject();
  const importer = await TreeImporter.open(repository);
  t.after(() => importer.close());
  let batch = await project.blobs.openBatch();
  const first = await importer.treeOfCommit(commits[0]!);
  let last = { root: first, ...(await importer.importAll(first, batch)) };
  await batch.flush();
  batch = await project.blobs.openBatch();
  const nodes = new NodeTransaction(project.nodes, batch);
  for (const revision of commits.slice(1)) {
    const root = await importer.treeOfCommit(revision);
    last = { root, ...(await importer.importChanges(root, last, batch, nodes)) };
    assert.equal(last.tree, (await importRevision({ repository, revision, ...memoryProject() })).tree);
  }
  await batch.flush();
  const entry = (await lookup(project.nodes, last.tree, 'large' as TreePath)) as FileEntry;
  assert.equal((await readWholeFile(project.blobs, entry)).toString(), large);
  assert.equal(await importer.hasCommit(commits[0]!), true);
  assert.equal(await importer.hasCommit(first), false);
});
