import { startSession } from '../src/session/start.ts';
import { type Benchmark, inScratch, run } from './measure.ts';
import { agent, makeProject } from './project.ts';

const sessions = 500;

/** What one more session that does nothing takes on the disk. */
const benchmark: Benchmark = () =>
  inScratch(async (scratch) => {
    const project = await makeProject(scratch, 100_000);
    const used = (): number => Number(run('du', ['-sk', scratch]).split('\t')[0]) * 1024;
    const before = used();
    for (let i = 0; i < sessions; i++)
      await startSession(project, { title: `session ${i}`, goal: 'wait', agent });
    const each = (used() - before) / sessions;
    return [
      {
        what: 'one idle session more, 100 k files',
        value: `${(each / 1024).toFixed(1)} KiB`,
        against: 'a worktree: all its files',
        aim: 'under 16 KiB',
      },
    ];
  });

export default benchmark;
