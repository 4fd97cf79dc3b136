import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Hash } from '../base/hash.ts';
import { agent, landFiles, memoryProject, treeWith } from './fixtures.ts';
import { findReachable } from './reachable.ts';
import { startSession } from './start.ts';

const request = { title: 'Work', goal: 'Get it done', agent };

/** A project with `count` files, and how often it was asked for a node. */
async function projectOf(count: number) {
  const project = await memoryProject();
  const files = Object.fromEntries(Array.from({ length: count }, (_, i) => [`file ${i}`, `${i}`]));
  await landFiles(project, 'all', files);
  let asked = 0;
  const node = project.nodes.node.bind(project.nodes);
  project.nodes.node = (hash: Hash) => {
    asked++;
    return node(hash);
  };
  return { project, asked: () => asked };
}

async function nodesAskedFor({ project, asked }: Awaited<ReturnType<typeof projectOf>>): Promise<number> {
  const before = asked();
  assert.deepEqual((await findReachable(project)).damage, []);
  return asked() - before;
}

describe('what a project needs', () => {
  test('is walked once, however many sessions share it, and each further one costs its difference', async () => {
    const world = await projectOf(4000);
    const { project } = world;
    const alone = await nodesAskedFor(world);
    assert.ok(alone > 8, `${alone} nodes`);
    for (let i = 0; i < 20; i++) await startSession(project, request);
    assert.equal(await nodesAskedFor(world), alone);
    const { id, tree } = await startSession(project, request);
    const edited = await treeWith(project, tree, { 'file 7': 'seven' });
    await project.ledger.updateSession(id, (session) => ({ ...session, tree: edited }));
    const further = (await nodesAskedFor(world)) - alone;
    assert.ok(further <= 4, `${further} nodes for one file`);
  });

  test('has the nodes below one that is also the content of a file', async () => {
    const { project } = await projectOf(4000);
    const { head } = await project.ledger.readHead();
    // Met first, in another tree: the content of this file is the root of the head's.
    const root = await project.blobs.get(head.tree);
    const { id, tree } = await startSession(project, request);
    const alike = await treeWith(project, tree, { 'file 0': Buffer.from(root) });
    await project.ledger.updateSession(id, (session) => ({
      ...session,
      tree: alike,
      base: { tree: alike, sequence: 0 },
    }));
    const before = await projectOf(4000);
    const all = (await findReachable(before.project)).blobs.size;
    assert.ok((await findReachable(project)).blobs.size >= all);
  });

  test('has what lands, and is forgotten as a session, while it is looked for', async () => {
    const { project } = await projectOf(1);
    const session = await startSession(project, request);
    const listed = project.ledger.listSessions.bind(project.ledger);
    project.ledger.listSessions = async function* () {
      // The other process is done before this one has got anywhere.
      await landFiles(project, 'meanwhile', { landed: 'by a session' });
      await project.ledger.deleteSession(session.id);
      yield* listed();
    };
    const { blobs } = await findReachable(project);
    const { head } = await project.ledger.readHead();
    assert.equal(head.sequence, 2);
    assert.equal(blobs.size, 2);
  });
});
