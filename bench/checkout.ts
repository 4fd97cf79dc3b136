import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createCheckout } from '../src/workspace/checkout/checkout.ts';
import { importDirectory } from '../src/workspace/import-directory.ts';
import { makeFiles } from './files.ts';
import { type Benchmark, inScratch, median, medianRatio, ms, run, sideBySide, times } from './measure.ts';
import { openProject } from './project.ts';

/** Writing 10,000 files into a new workspace, against `git worktree add` of the same. */
const benchmark: Benchmark = () =>
  inScratch(async (scratch) => {
    const files = join(scratch, 'files');
    makeFiles(files, 10_000, 100e6);
    const git = (...args: string[]) =>
      run('git', ['-C', files, '-c', 'user.name=b', '-c', 'user.email=b@e', ...args]);
    const store = join(scratch, 'store');
    const { tree } = await importDirectory(await openProject(store), files, { all: true });
    git('init', '-q');
    git('add', '-A');
    git('commit', '-qm', 'all');
    git('repack', '-adq');
    const [checkout, worktree] = [join(scratch, 'checkout'), join(scratch, 'worktree')];
    const measured = await sideBySide(7, {
      micelio: {
        prepare: () => rmSync(checkout, { recursive: true, force: true }),
        run: async () => createCheckout(await openProject(store), checkout, tree, null),
      },
      git: {
        prepare: () => {
          rmSync(worktree, { recursive: true, force: true });
          git('worktree', 'prune');
        },
        run: () => git('worktree', 'add', '-q', '--detach', worktree),
      },
    });
    return [
      {
        what: 'checkout of 10,000 files, 100 MB',
        value: ms(median(measured.micelio)),
        against: `git worktree add: ${ms(median(measured.git))}`,
        ratio: times(medianRatio(measured.git, measured.micelio)),
        aim: 'above 1×',
      },
    ];
  });

export default benchmark;
