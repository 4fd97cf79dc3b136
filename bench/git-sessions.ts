import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Benchmark,
  inScratch,
  median,
  medianRatio,
  ms,
  type Row,
  run,
  sideBySide,
  times,
} from './measure.ts';
import { publishedBin } from './published-bin.ts';

const rounds = 7;
const mic = join(publishedBin, 'mic');
const person = ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.org'];

/** Sessions of a git repository, as commands and whole processes, against what one would do with git alone. */
const benchmark: Benchmark = async (say) => {
  const rows: Row[] = [];
  const parts = [
    (scratch: string) => start(scratch, 10_000),
    (scratch: string) => start(scratch, 100_000),
    complete,
    status,
  ];
  for (const part of parts) {
    const row = await inScratch(part);
    say(`${row.what}: ${row.value}, ${row.ratio}`);
    rows.push(row);
  }
  return rows;
};

async function start(scratch: string, files: number): Promise<Row> {
  const hub = makeHub(scratch, files);
  const clone = join(scratch, 'clone');
  let started = 0;
  const measured = await sideBySide(rounds, {
    git: {
      prepare: () => clearAway(clone),
      run: () => run('git', ['clone', '-q', '--depth', '1', `file://${hub}`, clone]),
    },
    mic: {
      prepare: () => clearAway(join(hub, '.sessions', slugOf(started))),
      run: () => startSession(scratch, hub, ++started),
    },
  });
  return {
    what: `\`mic session start --workspace=clone\`, ${files.toLocaleString('en')} files`,
    value: ms(median(measured.mic)),
    against: `\`git clone --depth 1 file://…\`: ${ms(median(measured.git))}`,
    ratio: times(medianRatio(measured.mic, measured.git)),
    aim: 'under 1.2×',
  };
}

/** 10 changed files in a hub of 100,000, main checked out. */
async function complete(scratch: string): Promise<Row> {
  const hub = makeHub(scratch, 100_000);
  const checkout = join(scratch, 'checkout');
  run('git', ['clone', '-q', hub, checkout]);
  let turn = 0;
  const measured = await sideBySide(rounds, {
    git: {
      prepare: () => changedBranch(checkout, ++turn),
      run: () => {
        run('git', ['-C', checkout, 'merge', '-q', '--squash', `work-${turn}`]);
        run('git', ['-C', checkout, ...person, 'commit', '-qm', 'work']);
      },
    },
    mic: {
      prepare: () => changedSession(scratch, hub, ++turn),
      run: () => micIn(scratch, hub, 'session', 'complete', slugOf(turn), '--unmet=none', '--keep-workspace'),
    },
  });
  return {
    what: '`mic session complete`, 10 changed files of 100,000',
    value: ms(median(measured.mic)),
    against: `\`git merge --squash\` and \`git commit\`: ${ms(median(measured.git))}`,
    ratio: times(medianRatio(measured.mic, measured.git)),
    aim: 'faster',
  };
}

async function status(scratch: string): Promise<Row> {
  const hub = makeHub(scratch, 1000);
  const planned = join(hub, '_AGENTS/sessions/planned');
  for (let i = 0; i < 1000; i++) {
    const folder = join(planned, `2026-01-02-task-${i}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'SESSION.md'),
      `# Session: Task ${i}\n\n## Acceptance Criteria\n\n- [ ] done\n`,
    );
  }
  run('git', ['-C', hub, 'add', '-A']);
  run('git', ['-C', hub, ...person, 'commit', '-qm', 'plans']);
  const measured = await sideBySide(rounds * 2, {
    git: { run: () => run('git', ['-C', hub, 'log', '-1']) },
    mic: { run: () => micIn(scratch, hub, 'status') },
    node: { run: () => run(process.execPath, ['-e', '0']) },
  });
  return {
    what: '`mic status`, 1,000 sessions',
    value: ms(median(measured.mic)),
    against: `\`git log -1\`: ${ms(median(measured.git))}; \`node -e 0\`: ${ms(median(measured.node))}`,
    ratio: times(medianRatio(measured.mic, measured.git)),
    aim: 'under 5×',
  };
}

/** Deletes a directory, and waits for the disk: it is at work for long after many files are gone. */
function clearAway(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  run('sync', []);
}

/** A repository with main checked out, and sessions laid out in it. */
function makeHub(scratch: string, files: number): string {
  const hub = join(scratch, 'hub');
  run('git', ['init', '-q', '-b', 'main', hub]);
  const content = Array.from({ length: files }, (_, i) => {
    const text = `file ${i}\n`;
    return `M 100644 inline src/${i % 300}/${i}.txt\ndata ${text.length}\n${text}`;
  });
  const commit = 'commit refs/heads/main\ncommitter Bench <bench@example.org> 1760000000 +0000\ndata 0\n';
  execFileSync('git', ['-C', hub, 'fast-import', '--quiet'], { input: `${commit}${content.join('')}` });
  run('git', ['-C', hub, 'reset', '-q', '--hard', 'main']);
  micIn(scratch, hub, 'init');
  return hub;
}

/** A branch of a checkout with 10 changed files. */
function changedBranch(checkout: string, turn: number): void {
  const git = (...args: string[]) => run('git', ['-C', checkout, ...person, ...args]);
  git('checkout', '-qb', `work-${turn}`);
  change(checkout, turn);
  git('commit', '-qam', 'work');
  git('checkout', '-q', 'main');
}

/** A session with 10 changed files, committed. */
function changedSession(scratch: string, hub: string, turn: number): void {
  clearAway(join(hub, '.sessions', slugOf(turn - 2)));
  startSession(scratch, hub, turn);
  const workspace = join(hub, '.sessions', slugOf(turn));
  change(workspace, turn);
  run('git', ['-C', workspace, 'commit', '-qam', `[${slugOf(turn)}] feat: work`]);
}

function startSession(scratch: string, hub: string, turn: number): void {
  micIn(scratch, hub, 'session', 'start', 'bench', `--slug=${slugOf(turn)}`, '--workspace=clone');
}

function change(directory: string, turn: number): void {
  for (let i = 0; i < 10; i++) {
    const path = join(directory, `src/${(turn * 10 + i) % 300}/${(turn * 10 + i) % 300}.txt`);
    writeFileSync(path, `${readFileSync(path, 'utf8')}turn ${turn}\n`);
  }
}

function slugOf(turn: number): string {
  return `2026-01-02-bench-${turn}`;
}

function micIn(scratch: string, directory: string, ...args: string[]): string {
  const env = {
    ...process.env,
    HOME: scratch,
    XDG_STATE_HOME: join(scratch, 'state'),
    MICELIO_STORE: join(scratch, 'store'),
  };
  return run(mic, args, { cwd: directory, env });
}

export default benchmark;
