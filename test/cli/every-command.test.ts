import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { commands } from '../../src/cli/commands.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { type RunOptions, write } from '../mic.ts';
import { MountScratch } from '../mounts.ts';
import { fieldsOf, jsonPage, jsonPageOf } from './json-page.ts';

const scratch = new MountScratch();

/** A git repository with a worktree, for the commands about untracked files. */
const [repository, worktree] = ['repository', 'repository/.worktrees/one'].map((name) =>
  join(scratch.directory, name),
);

async function provisionable(): Promise<void> {
  await scratch.repository('repository', {
    '.gitignore': '.env*\n',
    '.worktreeinclude': '.env\n',
    '_AGENTS/sessions/_config/untracked-files.conf': 'copy:.env.local\n',
  });
  scratch.files('repository', { '.env': 'A=1\n', '.env.local': 'B=2\n' });
  await scratch.git(['worktree', 'add', '--quiet', '-b', 'session/one', worktree!], repository!);
}

const hub = join(scratch.directory, 'hub');

/** A repository with a remote, for the commands about that. */
async function hubWithRemote(): Promise<void> {
  await scratch.repository('hub', { 'a.txt': 'a\n' });
  await scratch.git(['init', '--quiet', '--bare', 'cloud'], scratch.directory);
  await scratch.git(['remote', 'add', 'origin', join(scratch.directory, 'cloud')], hub);
}

/** A git repository with sessions: one that is planned, and one that is at work. */
const sessionsHub = join(scratch.directory, 'sessions');
const [planned, second] = ['2025-10-14-planned', '2025-10-14-second'];

async function hubWithSessions(): Promise<void> {
  const in_ = { in: await scratch.repository('sessions', { 'a.txt': 'a\n' }) };
  await scratch.mic(['init'], in_);
  await scratch.mic(['session', 'start', 'second', `--slug=${second}`], in_);
  await scratch.mic(['session', 'draft', 'planned', `--slug=${planned}`], in_);
  await scratch.mic(['session', 'ready', planned!], in_);
}

/** A git repository with sessions that have a change, a conflict with main, nothing, and one that can be claimed. */
const busyHub = join(scratch.directory, 'busy');
const [changed, clashing, idle, waiting] = ['changed', 'clashing', 'idle', 'waiting'].map(
  (name) => `2025-10-14-${name}`,
);

async function hubAtWork(): Promise<void> {
  const in_ = { in: await scratch.repository('busy', { 'a.txt': 'a\n', 'b.txt': 'b\n' }) };
  await scratch.mic(['init'], in_);
  for (const slug of [changed!, clashing!, idle!]) {
    await scratch.mic(['session', 'start', slug.slice(11), `--slug=${slug}`], in_);
  }
  await scratch.mic(['session', 'draft', 'waiting', `--slug=${waiting}`, '--criterion=It works'], in_);
  await scratch.mic(['session', 'ready', waiting!], in_);
  const inWorkspace = (slug: string, line: string) =>
    scratch.type(`${line} && git commit -qam '[${slug}] feat: it'`, { in: join(busyHub, '.sessions', slug) });
  await inWorkspace(changed!, 'echo changed > b.txt && echo new > new.txt && git add new.txt');
  await inWorkspace(clashing!, 'echo session > a.txt && echo clashing > b.txt');
  await scratch.type('echo main > a.txt && git commit -qam main', in_);
}

/** A git repository with one session, which no agent program of these tests is able to work on. */
const agentHub = join(scratch.directory, 'agents');

async function hubForAgents(): Promise<void> {
  const in_ = { in: await scratch.repository('agents', { 'a.txt': 'a\n' }) };
  await scratch.mic(['init'], in_);
  const slug = '2025-10-14-difficult';
  await scratch.mic(['session', 'draft', 'difficult', `--slug=${slug}`, '--capability=telepathy'], in_);
  await scratch.mic(['session', 'ready', slug], in_);
}

/** A project with sessions: with changes, in conflict with the head, landed, and without changes. */
async function busyProject() {
  await provisionable();
  await hubWithSessions();
  await hubForAgents();
  await hubAtWork();
  await hubWithRemote();
  await scratch.project('acme/web', { 'a.txt': 'a\n' });
  const [open, conflicted, landed] = [
    await scratch.session('acme/web', 'open'),
    await scratch.session('acme/web', 'conflicted'),
    await scratch.session('acme/web', 'landed'),
  ];
  for (const [session, text] of [
    [open, 'open\n'],
    [conflicted, 'one\n'],
    [landed, 'other\n'],
  ] as const) {
    write(join(session.workspace, session === open ? 'open.txt' : 'a.txt'), text);
  }
  await scratch.mic(['land'], { in: landed.workspace });
  const sync = await scratch.json<{ conflicts: { path: string; hunks: unknown[] }[] }>(
    ['session', 'sync', conflicted.id],
    { exit: exitCodes.conflict.code },
  );
  assert.deepEqual(
    sync.conflicts.map(({ path, hunks }) => [path, hunks.length]),
    [['a.txt', 1]],
  );
  return { open, conflicted, landed, idle: await scratch.session('acme/web', 'idle') };
}
const ready = busyProject();

/** What each command is called with: one that succeeds, in this order, and one that fails, and how. */
type Call = (busy: Awaited<typeof ready>) => {
  readonly args: readonly string[];
  readonly in?: string;
  readonly wrong: readonly [exit: number, ...args: string[]];
};
const nobody = 'sess-000000000000';
const project = '--project=acme/web';
const calls: Readonly<Record<string, Call>> = {
  init: () => ({ args: [], in: repository!, wrong: [3] }),
  'project create': () => ({ args: ['acme/other'], wrong: [4, 'acme/web'] }),
  'project import': () => ({
    args: ['acme/other', `--from=${scratch.files('more', { x: 'x' })}`],
    wrong: [3, 'acme/web', '--from=/nowhere'],
  }),
  'project list': () => ({ args: [], wrong: [2, '--store=ftp://host'] }),
  'project show': () => ({ args: ['acme/web'], wrong: [3, 'acme/none'] }),
  'project log': () => ({ args: ['acme/web'], wrong: [2] }),
  'project export': () => ({ args: ['acme/web', '--to=exported'], wrong: [4, 'acme/web', '--to=.'] }),
  'project mount': () => ({ args: ['acme/web'], wrong: [2, 'acme/web', '--landing=1', '--tree=x'] }),
  'session start': () => ({
    args: ['t', project, '--workspace=none'],
    wrong: [3, 't', '--project=acme/none'],
  }),
  'session draft': () => ({
    args: ['new', '--slug=2025-10-14-new'],
    in: sessionsHub,
    wrong: [2, 'x', '--from=no'],
  }),
  'session ready': () => ({ args: ['2025-10-14-new'], in: sessionsHub, wrong: [3, planned!] }),
  'session revise': () => ({ args: ['2025-10-14-new'], in: sessionsHub, wrong: [3, planned!] }),
  'session claim': () => ({ args: [planned!], in: sessionsHub, wrong: [2] }),
  'session log': () => ({ args: ['said', `--session=${planned}`], in: sessionsHub, wrong: [2, ' '] }),
  'session plan': () => ({
    args: ['more', `--session=${planned}`],
    in: sessionsHub,
    wrong: [2, '--done=none'],
  }),
  'session learn': () => ({ args: ['it', `--session=${planned}`], in: sessionsHub, wrong: [2, ' '] }),
  'session subsession': () => ({
    args: ['part', `--session=${planned}`],
    in: sessionsHub,
    wrong: [3, 'part'],
  }),
  'session drift': () => ({ args: [planned!], in: sessionsHub, wrong: [3] }),
  'session deepen': () => ({ args: [`--session=${planned}`], in: sessionsHub, wrong: [2, 'some'] }),
  'session renew': () => ({ args: [second!], in: sessionsHub, wrong: [3, planned!] }),
  'session release': () => ({ args: [second!], in: sessionsHub, wrong: [3, planned!] }),
  'session complete': () => ({ args: [planned!], in: sessionsHub, wrong: [3, planned!] }),
  'session forget': () => ({ args: [], in: sessionsHub, wrong: [2, second!, '--older-than=1'] }),
  'session repair': () => ({ args: [], in: sessionsHub, wrong: [3, '--hub=/nowhere'] }),
  'session list': () => ({ args: [project], wrong: [2, project, '--state=asleep'] }),
  'session show': ({ open }) => ({ args: [open.id], wrong: [3, nobody] }),
  'session path': ({ open }) => ({ args: [open.id], wrong: [2, 'no-id'] }),
  'session status': ({ open }) => ({ args: [open.id], wrong: [3] }),
  'session diff': ({ open }) => ({ args: [open.id], wrong: [3, nobody] }),
  'session note': ({ open }) => ({
    args: ['said', `--session=${open.id}`],
    wrong: [2, ' ', `--session=${open.id}`],
  }),
  'session decide': ({ open }) => ({
    args: ['what', '--why=why', `--session=${open.id}`],
    wrong: [2, '', '--why=why', `--session=${open.id}`],
  }),
  'session checkpoint': ({ open, landed }) => ({
    args: [open.id, '--note=good'],
    wrong: [4, landed.id, '--note=x'],
  }),
  'session sync': ({ open }) => ({ args: [open.id], wrong: [3, nobody] }),
  'session resolve': ({ conflicted }) => ({
    args: ['a.txt', `--session=${conflicted.id}`],
    wrong: [2, 'open.txt', `--session=${conflicted.id}`],
  }),
  'session fork': ({ open }) => ({ args: [open.id, '--workspace=none'], wrong: [3, nobody] }),
  'session abandon': ({ conflicted }) => ({
    args: [conflicted.id, '--why=x'],
    wrong: [3, nobody, '--why=x'],
  }),
  'session remove': ({ conflicted }) => ({ args: [conflicted.id], wrong: [3, nobody] }),
  'session restore': ({ conflicted }) => ({
    args: [conflicted.id],
    wrong: [3, conflicted.id, '--checkpoint=9'],
  }),
  'session land': ({ open, idle }) => ({ args: [open.id], wrong: [4, idle.id] }),
  land: ({ open }) => ({ args: [], in: open.workspace, wrong: [3] }),
  status: ({ open }) => ({ args: [], in: open.workspace, wrong: [2] }),
  why: () => ({ args: ['open.txt:1', project], wrong: [3, 'none.txt', project] }),
  'project undo': () => ({ args: ['2', project], wrong: [3, '99', project] }),
  'provision discover': () => ({ args: [`--from=${repository}`], wrong: [3, '--from=/nowhere'] }),
  'provision plan': () => ({ args: [`--to=${worktree}`], wrong: [3, '--to=/nowhere'] }),
  'provision apply': () => ({ args: [], in: worktree!, wrong: [2, `--to=${worktree}`, '--set=x'] }),
  'provision check': () => ({ args: [], in: worktree!, wrong: [3, `--to=${repository}`] }),
  'hub sync': () => ({ args: ['--sessions'], in: hub, wrong: [3] }),
  'agent run': () => ({
    args: ['--exec=true', '--until-empty', '--capability=ts'],
    in: agentHub,
    wrong: [2, '--exec= ', '--once'],
  }),
  watch: () => ({ args: ['--once'], in: agentHub, wrong: [2, '--interval=0'] }),
  'hub status': () => ({ args: [], in: hub, wrong: [3] }),
  'store init': () => ({ args: ['made'], wrong: [2, 's3://key:secret@bucket'] }),
  'store check': () => ({ args: [], wrong: [2, 'ftp://host'] }),
  'store stats': () => ({ args: [], wrong: [2, '--store=ftp://host'] }),
  'store gc': () => ({ args: ['--dry-run'], wrong: [2, '--grace-hours=some'] }),
  'store fsck': () => ({ args: [], wrong: [2, 'what'] }),
  'store copy': () => ({ args: [scratch.store, 'made'], wrong: [2, 'made', 'made'] }),
  completion: () => ({ args: ['bash'], wrong: [2, 'tcsh'] }),
};

/** What commands print besides of sessions in a git repository, in this order, and how they end where that is not with 0. */
const callsInHub: readonly (readonly [path: string, args: readonly string[], exit?: number])[] = [
  ['session list', []],
  ['session show', [changed!]],
  ['session path', [changed!]],
  ['session status', [changed!]],
  ['session diff', [changed!]],
  ['session note', ['said', `--session=${changed}`]],
  ['session decide', ['what', '--why=why', `--session=${changed}`]],
  ['status', []],
  ['session complete', [clashing!, '--unmet=later'], exitCodes.conflict.code],
  ['session sync', [clashing!], exitCodes.conflict.code],
  ['session land', [changed!]],
  ['session abandon', [idle!, '--why=x']],
  ['session remove', [idle!]],
  ['session list', ['--removed']],
  ['session restore', [idle!]],
  ['session start', ['more']],
  ['agent run', ['--exec=echo made > made.txt', '--once', '--unmet=nobody looks']],
  ['session forget', [waiting!]],
  ['watch', ['--once']],
  ['why', ['b.txt:1']],
];

describe('with --json, a command prints one document and nothing else', () => {
  test('there is a call for every command', () => {
    assert.deepEqual(Object.keys(calls).sort(), commands.map(({ path }) => path).sort());
  });

  /** What was printed, by what was called. */
  const printed = new Map<string, unknown[]>();
  const print = async (title: string, args: readonly string[], options: RunOptions) => {
    const { stdout } = await scratch.mic([...args, '--json'], options);
    // Of these each line is a document.
    const isLines = /`mic (?:agent run|watch)`/.test(title);
    const texts = isLines ? stdout.trimEnd().split('\n') : [stdout];
    printed.set(title, [...(printed.get(title) ?? []), ...texts.map((text) => JSON.parse(text) as unknown)]);
  };

  for (const [path, call] of Object.entries(calls)) {
    test(`mic ${path}`, async () => {
      const { args, in: directory } = call(await ready);
      await print(
        `\`mic ${path}\``,
        [...path.split(' '), ...args],
        directory === undefined ? {} : { in: directory },
      );
    });
  }

  for (const [path, args, exit = 0] of callsInHub) {
    test(`mic ${path}, in a git repository`, async () => {
      await ready;
      await print(`\`mic ${path}\`, in a git repository`, [...path.split(' '), ...args], {
        in: busyHub,
        exit,
      });
    });
  }

  test('docs/json.md names the fields that there are, and each is one word', () => {
    const fields = new Map(Array.from(printed, ([title, documents]) => [title, fieldsOf(title, documents)]));
    const names = [...fields.values()].flat().map((field) => field.split('.').at(-1)!);
    assert.deepEqual(
      names.filter((name) => !/^[a-z][a-zA-Z]*$/.test(name)),
      [],
    );
    const page = jsonPageOf(fields);
    if (process.env.MICELIO_JSON_PAGE === 'write') writeFileSync(jsonPage, page);
    assert.equal(readFileSync(jsonPage, 'utf8'), page, 'the page says how to make it anew');
  });

  test('of what went wrong as well', async () => {
    const busy = await ready;
    await Promise.all(
      Object.entries(calls).map(async ([path, call]) => {
        const [exit, ...args] = call(busy).wrong;
        const failed = await scratch.mic([...path.split(' '), ...args, '--json'], { exit });
        const { error } = JSON.parse(failed.stdout) as { error: { code: string; message: string } };
        assert.match(error.code, /^[a-z]+\/[a-z-]+$/, path);
        assert.equal(failed.stderr, '', path);
      }),
    );
  });
});
