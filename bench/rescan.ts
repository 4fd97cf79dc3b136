import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCheckout } from '../src/workspace/checkout/checkout.ts';
import { importDirectory } from '../src/workspace/import-directory.ts';
import { makeFiles } from './files.ts';
import { type Benchmark, inScratch, median, medianRatio, ms, run, sideBySide, times } from './measure.ts';
import { openProject } from './project.ts';

/** Finding the one change among 100,000 files, as whole processes, against `git status`, both warm. */
const benchmark: Benchmark = (say) =>
  inScratch(async (scratch) => {
    const files = join(scratch, 'files');
    say('making 100,000 files');
    makeFiles(files, 100_000, 200e6);
    const git = (...args: string[]) =>
      run('git', ['-C', files, '-c', 'user.name=b', '-c', 'user.email=b@e', ...args]);
    const store = join(scratch, 'store');
    const project = await openProject(store);
    const { tree } = await importDirectory(project, files, { all: true });
    git('init', '-q');
    git('add', '-A');
    git('commit', '-qm', 'all');
    const checkout = join(scratch, 'checkout');
    await createCheckout(project, checkout, tree, null);
    const changed = join('package-7', 'src', 'module-360', 'file-18000.ts');
    let turn = 0;
    const change = (directory: string) => () =>
      writeFileSync(join(directory, changed), `changed ${turn++}\n`);
    const scan = fileURLToPath(new URL('./rescan-process.ts', import.meta.url));
    const measured = await sideBySide(7, {
      micelio: { prepare: change(checkout), run: () => run(process.execPath, [scan, store, checkout]) },
      git: { prepare: change(files), run: () => git('status', '--porcelain') },
    });
    return [
      {
        what: 're-scan of 100,000 files with one change, whole process',
        value: ms(median(measured.micelio)),
        against: `git status: ${ms(median(measured.git))}`,
        ratio: times(medianRatio(measured.git, measured.micelio)),
        aim: '1× or more',
      },
    ];
  });

export default benchmark;
