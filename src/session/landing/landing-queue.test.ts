import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryProject, treeWith } from '../fixtures.ts';
import type { Ledger } from '../ledger-port.ts';
import type { ProjectContext } from '../project.ts';
import { type Candidate, LandingQueue } from './landing-queue.ts';

const highest = { bytes: (count: number) => new Uint8Array(count).fill(255) };

/** `project`, where somebody else is faster at the first `losses` moves of the head. */
function losing(project: ProjectContext, losses: number): ProjectContext {
  const moves = { left: losses };
  const ledger = new Proxy(project.ledger, {
    get(target, name) {
      if (name === 'moveHead' && moves.left-- > 0) return async () => 'lost';
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  }) as Ledger;
  return { ...project, ledger };
}

async function candidate(project: ProjectContext, path: string): Promise<Candidate> {
  const { head } = await project.ledger.readHead();
  const tree = await treeWith(project, head.tree, { [path]: `${path}\n` });
  return {
    origin: { kind: 'import', source: path, commit: null, tree },
    agent: { name: 'ada', email: 'ada@example.org' },
    message: path,
    base: { tree: head.tree, sequence: head.sequence },
    tree,
  };
}

test('who loses the head waits, longer each time, and what comes meanwhile lands in the same move', async () => {
  const project = await memoryProject();
  const waits: number[] = [];
  const [first, second] = [await candidate(project, 'a.txt'), await candidate(project, 'b.txt')];
  let later: Promise<unknown> | undefined;
  const queue = new LandingQueue({ ...losing(project, 4), random: highest }, async (ms) => {
    waits.push(Math.round(ms));
    later ??= queue.land(second);
  });
  assert.equal((await queue.land(first)).outcome, 'landed');
  await later;
  assert.deepEqual(waits, [50, 100, 200, 400]);
  const { head } = await project.ledger.readHead();
  assert.deepEqual(
    head.landings.map(({ message }) => message),
    ['a.txt', 'b.txt'],
  );
});

test('who loses it without end is told so, and the next one is tried as ever', async () => {
  const project = await memoryProject();
  const queue = new LandingQueue(losing(project, 256), async () => {});
  const given = await candidate(project, 'a.txt');
  await assert.rejects(queue.land(given), { code: 'landing/busy' });
  assert.equal((await queue.land(given)).outcome, 'landed');
});
