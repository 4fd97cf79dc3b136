import { join } from 'node:path';
import type { OpenProject } from '../src/app/open-project.ts';
import { checkpointSession } from '../src/session/checkpoint.ts';
import { landSession } from '../src/session/landing/land-session.ts';
import type { Session } from '../src/session/session.ts';
import { startSession } from '../src/session/start.ts';
import { editTree } from '../src/tree/edit.ts';
import { NodeTransaction } from '../src/tree/node-store.ts';
import { type Benchmark, inScratch, median, ms, timed, times } from './measure.ts';
import { agent, filePath, makeProject } from './project.ts';

const rounds = 60;

/** Landing ten changed files on a head that has moved since the session began, at three sizes of project. */
const benchmark: Benchmark = (say) =>
  inScratch(async (scratch) => {
    const sizes = [1_000, 100_000, 1_000_000];
    const projects: OpenProject[] = [];
    for (const size of sizes) {
      say(`making a project of ${size} files`);
      projects.push(await makeProject(join(scratch, `store-${size}`), size));
    }
    const samples: number[][] = sizes.map(() => []);
    const whole: number[][] = sizes.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, project] of projects.entries()) {
        const [first, second] = [await start(project), await start(project)];
        await checkpoint(project, first, sizes[i]!, round * 2);
        const recorded = await timed(() => checkpoint(project, second, sizes[i]!, round * 2 + 1));
        await land(project, first);
        const landed = await timed(() => land(project, second));
        samples[i]!.push(landed);
        whole[i]!.push(recorded + landed);
      }
    }
    const medians = samples.map(median);
    return sizes.map((size, i) => ({
      what: `landing 10 of ${size.toLocaleString('en-US')} files, head moved`,
      value: `${ms(medians[i]!)} (with the checkpoint ${ms(median(whole[i]!))})`,
      ...(i === 2
        ? { against: '1 k files', ratio: times(medians[2]! / medians[0]!), aim: '≤ 2, under 20 ms' }
        : { aim: 'under 20 ms' }),
    }));
  });

function start(project: OpenProject): Promise<Session> {
  return startSession(project, { title: 'bench', goal: 'bench', agent });
}

/** Changes ten files that no other call changes, spread over the project, and records them. */
async function checkpoint(project: OpenProject, session: Session, size: number, turn: number): Promise<void> {
  const batch = await project.blobs.openBatch();
  const nodes = new NodeTransaction(project.nodes, batch);
  const edits = Array.from({ length: 10 }, (_, i) => {
    const bytes = Buffer.from(`changed in turn ${turn}, ${i}\n`);
    const index = (turn + i * Math.floor(size / 10)) % size;
    return {
      path: filePath(index),
      entry: { type: 'file' as const, mode: 0o644, size: bytes.length, hash: batch.add(bytes) },
    };
  });
  const tree = await editTree(nodes, session.tree, edits);
  await batch.flush();
  await checkpointSession(project, session, tree, '');
}

async function land(project: OpenProject, { id }: Session): Promise<void> {
  const result = await landSession(project, project.landings, { session: id, message: 'bench' });
  if (result.outcome !== 'landed') throw new Error('A landing of the benchmark met a conflict.');
}

export default benchmark;
