import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { OpenProject } from '../src/app/open-project.ts';
import { checkpointSession } from '../src/session/checkpoint.ts';
import { landSession } from '../src/session/landing/land-session.ts';
import type { SessionId } from '../src/session/session-id.ts';
import { startSession } from '../src/session/start.ts';
import { editTree } from '../src/tree/edit.ts';
import { NodeTransaction } from '../src/tree/node-store.ts';
import type { TreePath } from '../src/tree/path.ts';
import { type Benchmark, inScratch, median, ms, timed, times } from './measure.ts';
import { agent, makeProject } from './project.ts';

const sessions = 100;
const processes = 8;
const rounds = 5;
const fileCount = 10_000;

/** A hundred sessions landed at once on one project by eight processes, each with a file of its own. */
const benchmark: Benchmark = () =>
  inScratch(async (scratch) => {
    const project = await makeProject(scratch, fileCount);
    const together: number[] = [];
    const apart: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = (await project.ledger.readHead()).head.sequence;
      together.push(await landTogether(scratch, await prepare(project, `together-${round}`)));
      const after = (await project.ledger.readHead()).head.sequence;
      if (after !== before + sessions) throw new Error(`${after - before} landings of ${sessions} sessions`);
      const ids = await prepare(project, `apart-${round}`);
      apart.push(
        await timed(async () => {
          for (const id of ids)
            await landSession(project, project.landings, { session: id, message: 'bench' });
        }),
      );
    }
    const [fast, slow] = [median(together), median(apart)];
    return [
      {
        what: `${sessions} sessions landed at once by ${processes} processes`,
        value: `${ms(fast)}: ${Math.round((sessions * 1000) / fast)} landings/s`,
        against: `one after another ${ms(slow)}: ${Math.round((sessions * 1000) / slow)} landings/s`,
        ratio: times(slow / fast),
        aim: 'all once, 100 landings/s',
      },
    ];
  });

async function prepare(project: OpenProject, name: string): Promise<SessionId[]> {
  const ids: SessionId[] = [];
  for (let i = 0; i < sessions; i++) {
    const session = await startSession(project, { title: 'bench', goal: 'bench', agent });
    const batch = await project.blobs.openBatch();
    const bytes = Buffer.from(`${name} ${i}\n`);
    const entry = { type: 'file' as const, mode: 0o644, size: bytes.length, hash: batch.add(bytes) };
    const nodes = new NodeTransaction(project.nodes, batch);
    const tree = await editTree(nodes, session.tree, [{ path: `new/${name}/${i}.txt` as TreePath, entry }]);
    await batch.flush();
    await checkpointSession(project, session, tree, '');
    ids.push(session.id);
  }
  return ids;
}

/** The time from the word "go" until all processes have landed their part, ms. */
async function landTogether(store: string, ids: readonly SessionId[]): Promise<number> {
  const children = Array.from({ length: processes }, () =>
    fork(new URL('./landing-process.ts', import.meta.url), [store]),
  );
  await Promise.all(children.map((child) => once(child, 'message')));
  const done = Promise.all(children.map((child) => once(child, 'message')));
  const elapsed = await timed(async () => {
    for (const [i, child] of children.entries()) child.send(ids.filter((_, k) => k % processes === i));
    await done;
  });
  return elapsed;
}

export default benchmark;
