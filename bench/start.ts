import { join } from 'node:path';
import { startSession } from '../src/session/start.ts';
import { makeFiles } from './files.ts';
import { type Benchmark, inScratch, median, ms, run, sideBySide, timed, times } from './measure.ts';
import { agent, makeProject } from './project.ts';

const rounds = 200;

/** `session start`, library call, at three sizes of project; and what git has for the same purpose. */
const benchmark: Benchmark = (say) =>
  inScratch(async (scratch) => {
    const sizes = [1_000, 100_000, 1_000_000];
    const projects = [];
    for (const size of sizes) {
      say(`making a project of ${size} files`);
      projects.push(await makeProject(join(scratch, `store-${size}`), size));
    }
    const samples: number[][] = sizes.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, project] of projects.entries()) {
        samples[i]!.push(await timed(() => startSession(project, { title: 'bench', goal: 'bench', agent })));
      }
    }
    const [small, middle, large] = samples.map(median) as [number, number, number];
    const git = await gitWays(scratch, say);
    return [
      { what: 'session start, 1 k files', value: ms(small), aim: 'under 2 ms' },
      {
        what: 'session start, 100 k files',
        value: ms(middle),
        against: `git worktree add ${ms(git.worktree)}`,
        ratio: times(git.worktree / middle),
        aim: '1,000×',
      },
      {
        what: '',
        value: '',
        against: `git clone --local ${ms(git.clone)}`,
        ratio: times(git.clone / middle),
      },
      {
        what: 'session start, 1 M files',
        value: ms(large),
        against: '1 k files',
        ratio: times(large / small),
        aim: '≤ 1.2',
      },
    ];
  });

async function gitWays(
  scratch: string,
  say: (text: string) => void,
): Promise<{ worktree: number; clone: number }> {
  const repository = join(scratch, 'repository');
  say('making a git repository of 100,000 files');
  makeFiles(repository, 100_000, 100_000 * 1000);
  const git = (...args: string[]) =>
    run('git', ['-C', repository, '-c', 'user.name=b', '-c', 'user.email=b@e', ...args]);
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'all');
  git('repack', '-adq');
  let copy = 0;
  const measured = await sideBySide(2, {
    worktree: { run: () => git('worktree', 'add', '-q', '--detach', join(scratch, `worktree-${copy++}`)) },
    clone: {
      run: () => run('git', ['clone', '-q', '--local', repository, join(scratch, `clone-${copy++}`)]),
    },
  });
  return { worktree: median(measured.worktree), clone: median(measured.clone) };
}

export default benchmark;
