import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Git } from '../src/git/git-process.ts';
import { discoverUntracked } from '../src/workspace/provision/discover.ts';
import { PortRegistry } from '../src/workspace/provision/port-registry.ts';
import type { ProvisionRequest } from '../src/workspace/provision/provision-request.ts';
import { applyProvisioning } from '../src/workspace/provision/provisioning.ts';
import { makeFiles } from './files.ts';
import { type Benchmark, inScratch, median, ms, run, sideBySide, timed, times } from './measure.ts';

const seedMs = 2000;
const aim = 'under 200 ms';
/** Files in `node_modules`. */
const largeCount = 10_000;
/** Files that git tracks in the workspace. */
const trackedCount = 100_000;

/**
 * Untracked files of a session in a repository of 100,000: 1,000 files, a template, and a `node_modules` of 1 GB in 10,000
 * files by symlink, side by side with the loop of `cp` that the first description has. And what it costs to copy that
 * `node_modules`.
 */
const benchmark: Benchmark = (say) =>
  inScratch(async (scratch) => {
    const main = join(scratch, 'main');
    const workspace = join(main, '.worktrees', 'bench');
    mkdirSync(main);
    const git = (...args: string[]) =>
      run('git', ['-C', main, '-c', 'user.name=b', '-c', 'user.email=b@e', ...args]);
    git('init', '-q');
    writeFileSync(join(main, '.gitignore'), '/local/\nnode_modules\n.env\n.worktrees/\n');
    writeFileSync(join(main, 'env.j2'), 'NAME={{ slug }}\nPORT={{ ports.web }}\n');
    git('add', '-A');
    git('commit', '-qm', 'all');
    git('worktree', 'add', '-q', '--detach', workspace);
    trackMany(workspace);
    say('making 1,000 files, and a node_modules of 1 GB');
    makeFiles(join(main, 'local'), 1000, 4e6);
    makeFiles(join(main, 'node_modules'), largeCount, 1e9);
    // What was made for the measurement is not to be written to the disk during it.
    execFileSync('sync');
    const ports = new PortRegistry(join(scratch, 'state'), async () => true);
    const request = (conf: string): ProvisionRequest => ({
      from: main,
      to: workspace,
      conf: [{ file: 'untracked-files.conf', text: conf }],
      secrets: [],
      secretsFile: 'secrets.conf',
      facts: { slug: 'bench', branch: 'b', user: { name: 'b', email: 'b@e' }, settings: {}, environment: {} },
      owner: 'bench',
      git: new Git(process.env),
      ports,
      clock: { now: () => Date.now() },
      lock: { wait: async () => {}, waitMsMax: 0 },
    });
    // Moved, not removed: ext4 makes a file in many times the time while it passes over those just removed.
    const old = join(scratch, 'old');
    let moved = 0;
    const clear = () => {
      mkdirSync(old, { recursive: true });
      const made = ['local', 'node_modules', '.env'].map((name) => join(workspace, name));
      for (const path of [...made, join(main, '.git/worktrees/bench/micelio')])
        if (existsSync(path)) renameSync(path, join(old, String(moved++)));
    };
    const linked = request('copy:local\ntemplate:env.j2:.env\nsymlink:node_modules\n');
    const script = [
      'while read -r file; do mkdir -p "$1/$(dirname "$file")"; cp "$file" "$1/$file"; done',
      'sed "s/{{ slug }}/bench/" env.j2 > "$1/.env"; ln -s ../../node_modules "$1/node_modules"',
    ].join('\n');
    const list = execFileSync('find', ['local', '-type', 'f'], { cwd: main });
    const measured = await sideBySide(7, {
      micelio: { prepare: clear, run: () => applyProvisioning(linked) },
      again: { run: () => applyProvisioning(linked) },
      script: {
        prepare: clear,
        run: () => execFileSync('sh', ['-c', script, 'sh', workspace], { cwd: main, input: list }),
      },
    });
    const reflinks = canReflink(scratch);
    const empty = () => {
      const directory = join(scratch, 'empty', String(moved++));
      mkdirSync(directory, { recursive: true });
      for (let i = 0; i < largeCount; i++) closeSync(openSync(join(directory, String(i)), 'wx'));
    };
    const copied = await sideBySide(3, {
      empty: { run: empty },
      micelio: { prepare: clear, run: () => applyProvisioning(request('copy:node_modules\n')) },
      cp: {
        prepare: clear,
        run: () =>
          run('cp', ['-a', '--reflink=auto', join(main, 'node_modules'), join(workspace, 'node_modules')]),
      },
    });
    clear();
    const discovered = await timed(() => discoverUntracked(new Git(process.env), main));
    ports.close();
    const [all, again, shell] = [median(measured.micelio), median(measured.again), median(measured.script)];
    const [copy, cp, bare] = [median(copied.micelio), median(copied.cp), median(copied.empty)];
    return [
      {
        what: 'in a repository of 100,000 files: 1,000 files, a template, node_modules of 1 GB by symlink',
        value: ms(all),
        against: `the seed's ${ms(seedMs)}`,
        ratio: times(seedMs / all),
        aim,
      },
      { what: '', value: '', against: `its loop of cp ${ms(shell)}`, ratio: times(shell / all) },
      { what: 'again, with nothing to do', value: ms(again) },
      {
        what: `node_modules of 1 GB, 10,000 files, by ${reflinks ? 'reflink' : 'copying: this disk cannot reflink'}`,
        value: ms(copy),
        against: `cp -a --reflink=auto ${ms(cp)}`,
        ratio: times(cp / copy),
        ...(reflinks ? { aim } : {}),
      },
      { what: '', value: '', against: `making as many empty files ${ms(bare)}`, ratio: times(bare / copy) },
      { what: 'discover, with that node_modules', value: ms(discovered) },
    ];
  });

/** Has the index of a workspace say that git tracks many files; they are not written. */
function trackMany(workspace: string): void {
  const blob = run('git', ['-C', workspace, 'rev-parse', 'HEAD:.gitignore']).trim();
  const lines = Array.from(
    { length: trackedCount },
    (_, i) => `100644 ${blob}\tsrc/part-${Math.floor(i / 100)}/file-${i}.ts\n`,
  );
  execFileSync('git', ['-C', workspace, 'update-index', '--index-info'], { input: lines.join('') });
}

function canReflink(directory: string): boolean {
  const [from, to] = [join(directory, 'reflink-from'), join(directory, 'reflink-to')];
  writeFileSync(from, 'x'.repeat(8192));
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  }
}

export default benchmark;
