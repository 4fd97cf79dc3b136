import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importDirectory } from '../src/workspace/import-directory.ts';
import { makeFiles } from './files.ts';
import {
  type Benchmark,
  has,
  inScratch,
  median,
  medianRatio,
  ms,
  type Row,
  run,
  sideBySide,
  times,
} from './measure.ts';
import { openProject } from './project.ts';

const rounds = 3;

/** Importing a directory, against `git add -A && git commit` and `restic backup` of the same files. */
const benchmark: Benchmark = (say) =>
  inScratch(async (scratch) => {
    const made = join(scratch, 'files');
    say('making 100,000 files of 1 GB in all');
    makeFiles(made, 100_000, 1e9);
    const modules = join(scratch, 'modules');
    cpSync(fileURLToPath(new URL('../node_modules', import.meta.url)), modules, {
      recursive: true,
      verbatimSymlinks: true,
    });
    return [
      ...(await compare(scratch, made, '100,000 files, 1 GB')),
      ...(await compare(scratch, modules, '`node_modules` of this project')),
    ];
  });

async function compare(scratch: string, files: string, what: string): Promise<Row[]> {
  const [store, git, restic] = [join(scratch, 'store'), join(scratch, 'git'), join(scratch, 'restic')];
  const clear = (): void => {
    for (const directory of [store, git, restic]) rmSync(directory, { recursive: true, force: true });
  };
  const gitArgs = [
    '--git-dir',
    git,
    '--work-tree',
    files,
    '-c',
    'user.name=b',
    '-c',
    'user.email=b@e',
    '-c',
    'gc.auto=0',
  ];
  const env = {
    ...process.env,
    RESTIC_PASSWORD: 'bench',
    RESTIC_REPOSITORY: restic,
    RESTIC_CACHE_DIR: join(scratch, 'cache'),
  };
  const withRestic = has('restic');
  const measured = await sideBySide(rounds, {
    micelio: {
      prepare: clear,
      run: async () => importDirectory(await openProject(store), files, { all: true }),
    },
    git: {
      prepare: () => run('git', ['init', '-q', '--bare', git]),
      run: () => {
        run('git', [...gitArgs, 'add', '-A', '-f', '.']);
        run('git', [...gitArgs, 'commit', '-qm', 'all']);
      },
    },
    restic: {
      prepare: () => withRestic && run('restic', ['init', '-q'], { env }),
      run: () => withRestic && run('restic', ['backup', '-q', files], { env }),
    },
  });
  clear();
  const rows: Row[] = [
    {
      what: `import of ${what}`,
      value: ms(median(measured.micelio)),
      against: `git add -A && git commit: ${ms(median(measured.git))}`,
      ratio: times(medianRatio(measured.git, measured.micelio)),
      aim: '3×',
    },
  ];
  if (withRestic) {
    rows.push({
      what: '',
      value: '',
      against: `restic backup: ${ms(median(measured.restic))}`,
      ratio: times(medianRatio(measured.restic, measured.micelio)),
      aim: 'above 1×',
    });
  }
  return rows;
}

export default benchmark;
