import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The first things one does with Micelio, done before your eyes with the released command: this project's own
 * repository is imported, two sessions change it at the same time, and both land. Nothing outside a temporary directory
 * is written; `KEEP=1` leaves that directory behind.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'micelio-demo-'));
const color = process.stdout.isTTY;
const environment = {
  ...process.env,
  PATH: `${join(root, 'bin')}:${process.env.PATH}`,
  MICELIO_STORE: join(scratch, 'store'),
  MICELIO_WORKSPACES: join(scratch, 'workspaces'),
  MICELIO_PROJECT: 'demo/micelio',
};

function say(text: string): void {
  console.log(`\n${color ? '\x1b[1m' : ''}# ${text}${color ? '\x1b[0m' : ''}`);
}

/** Runs a command line as a user would type it, shows it with its output, and returns the output. */
function type(line: string, where = scratch, agent = 'ada', expected = 0): string {
  console.log(`${color ? '\x1b[2m' : ''}${agent}$ ${line}${color ? '\x1b[0m' : ''}`);
  const identity = { MICELIO_AGENT_NAME: agent, MICELIO_AGENT_EMAIL: `${agent}@example.org` };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], {
    cwd: where,
    env: { ...environment, ...identity },
    encoding: 'utf8',
  });
  process.stdout.write((stdout + stderr).replaceAll(scratch, '/tmp/demo'));
  if (status !== expected) throw new Error(`"${line}" ended with ${status}, not ${expected}`);
  return stdout;
}

function edit(
  workspace: string,
  file: string,
  change: (text: string) => string,
  what: string,
  agent: string,
): void {
  console.log(`${color ? '\x1b[2m' : ''}${agent}$ edit ${file}: ${what}${color ? '\x1b[0m' : ''}`);
  const path = join(workspace, file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

try {
  say('Import a real repository: the one that this is');
  type(`mic project create demo/micelio --from="${root}"`);

  say('Two agents start a session each: an isolated, complete copy');
  const field = (text: string, name: string): string => new RegExp(`^${name}: +(.*)$`, 'm').exec(text)![1]!;
  const first = type('mic session start "add a motto" --goal="The readme has a motto"', scratch, 'ada');
  const second = type('mic session start "thank the readers" --goal="The readme ends well"', scratch, 'bob');
  const [ada, bob] = [field(first, 'Workspace'), field(second, 'Workspace')];

  say('They edit the same file at the same time, and neither sees the other');
  edit(
    ada,
    'README.md',
    (text) => text.replace('\n', '\n\n> Many agents, one codebase.\n'),
    'a motto behind the title',
    'ada',
  );
  edit(bob, 'README.md', (text) => `${text}\nThank you for reading.\n`, 'a last line', 'bob');
  appendFileSync(join(bob, 'THANKS.md'), 'To everybody.\n');
  type(
    'mic session decide "Put it behind the title" --why="That is what people read" --instead="A page of its own"',
    ada,
    'ada',
  );
  type('mic status', bob, 'bob');

  say('Both land. The second is merged with the first, line by line');
  type('mic land --message="Add a motto"', ada, 'ada');
  type('mic land --message="Thank the readers"', bob, 'bob');
  type('mic project log --files -n 2', scratch, 'ada');

  say('Who wrote this line, and why?');
  type('mic why README.md:3', scratch, 'eve');

  say('A conflict lands nothing, and is resolved in the session that met it');
  const third = field(type('mic session start "a better motto"', scratch, 'ada'), 'Workspace');
  const fourth = field(type('mic session start "the best motto"', scratch, 'bob'), 'Workspace');
  edit(
    third,
    'README.md',
    (text) => text.replace('one codebase.', 'one codebase, no waiting.'),
    'a better motto',
    'ada',
  );
  edit(
    fourth,
    'README.md',
    (text) => text.replace('one codebase.', 'one codebase, no tears.'),
    'the best motto',
    'bob',
  );
  type('mic land --message="A better motto"', third, 'ada');
  type('mic land --message="The best motto"', fourth, 'bob', 5);
  type('mic session sync', fourth, 'bob', 5);
  type('sed -n 1,9p README.md', fourth, 'bob');
  edit(
    fourth,
    'README.md',
    (text) => text.replace(/<{7}[\s\S]*>{7} head\n/, '> Many agents, one codebase, no waiting, no tears.\n'),
    'both',
    'bob',
  );
  type('mic land --message="The best motto"', fourth, 'bob');

  say('The head goes back to git as a commit, and the store is whole');
  type(
    `git init -q --bare out.git && mic project export --git=out.git --ref=main && git --git-dir=out.git log -1 main`,
  );
  type('mic store fsck');
  say(
    process.env.KEEP === '1'
      ? `Everything is in ${scratch}`
      : 'Done. KEEP=1 npm run demo leaves everything behind to look at',
  );
} finally {
  if (process.env.KEEP !== '1') rmSync(scratch, { recursive: true, force: true });
}
