import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { HubScratch } from './hub-scratch.ts';

const folder = 'tools/agents/sessions/_config';

test('sessions get untracked files where the project has its agents in a folder of its own choice', async () => {
  const scratch = await HubScratch.create(
    {
      '.gitignore': '.env*\n.sessions/\n.worktrees/\n',
      'env.j2': 'PORT={{ ports.web }}\n',
      [`${folder}/untracked-files.conf`]: 'copy:.env\ntemplate:env.j2:.env.port\n',
    },
    '--root=tools/agents',
  );
  writeFileSync(join(scratch.hub, '.env'), 'A=1\n');
  for (const kind of ['clone', 'worktree']) {
    const { workspace } = await scratch.started(`in a ${kind}`, `--workspace=${kind}`);
    assert.equal(readFileSync(join(workspace, '.env'), 'utf8'), 'A=1\n');
    await scratch.mic(['provision', 'check'], { in: workspace });
    writeFileSync(join(scratch.hub, '.env'), 'A=2\n');
    await scratch.mic(['provision', 'check'], { in: workspace, exit: 4 });
    await scratch.mic(['provision', 'apply'], { in: workspace });
    assert.equal(readFileSync(join(workspace, '.env'), 'utf8'), 'A=2\n');
    writeFileSync(join(scratch.hub, '.env'), 'A=1\n');
  }
});

test('sessions of two projects on one machine have ports of their own, which come back when they end', async () => {
  const files = {
    '.gitignore': '.env\n.sessions/\n.worktrees/\n',
    'env.j2': '{{ ports.web }} {{ ports.db }}\n',
    '_AGENTS/sessions/_config/untracked-files.conf': 'template:env.j2:.env\n',
  };
  const first = await HubScratch.create(files);
  const second = await HubScratch.create(files);
  // One user, who has one home on this machine.
  const environment = { HOME: join(first.directory, 'home') };
  const start = async (scratch: HubScratch, title: string) => {
    const options = { in: scratch.hub, environment };
    const started = await scratch.json<{ slug: string; workspace: string }>(
      ['session', 'start', title],
      options,
    );
    return { ...started, ports: readFileSync(join(started.workspace, '.env'), 'utf8').trim().split(' ') };
  };
  const sessions = await Promise.all([
    start(first, 'same'),
    start(first, 'other'),
    start(second, 'same'),
    start(second, 'other'),
  ]);
  const ports = sessions.flatMap((session) => session.ports);
  assert.equal(new Set(ports).size, 8, ports.join(' '));
  const leased = () => {
    const registry = new DatabaseSync(join(environment.HOME, '.local/state/micelio/ports/ports.sqlite'));
    const rows = registry.prepare('SELECT port FROM lease').all();
    registry.close();
    return rows.map(({ port }) => String(port)).sort();
  };
  assert.deepEqual(leased(), ports.toSorted());
  await first.mic(['session', 'remove', sessions[0]!.slug], { in: first.hub, environment });
  assert.deepEqual(leased(), ports.slice(2).sort());
  // Removed by hand: whoever needs ports next finds out.
  rmSync(sessions[1]!.workspace, { recursive: true });
  const next = await start(second, 'next');
  assert.deepEqual(leased(), [...ports.slice(4), ...next.ports].sort());
});

const conf = '_AGENTS/sessions/_config/untracked-files.conf';

test('a line of the project that cannot be followed is told before anything is claimed or started', async () => {
  const scratch = await HubScratch.create({ '.gitignore': '.env\n.sessions/\n.worktrees/\n' });
  const slugs = [await scratch.planned('one'), await scratch.planned('two')];
  writeFileSync(join(scratch.hub, '.env'), 'A=1\n');
  const wrong = {
    'copy:.env:config/env\n': /line 1: .*"config\/env".*on main and commit it: \/config\/env/s,
    'template:nothing.j2:.env\n': /nothing\.j2/,
    'link:.env\n': /no action/,
  };
  const options = { in: scratch.hub };
  const refused = { ...options, exit: 'any' } as const;
  for (const [text, words] of Object.entries(wrong)) {
    writeFileSync(join(scratch.hub, conf), text);
    for (const args of [
      ['claim', '--any'],
      ['claim', slugs[0]!],
      ['start', 'three'],
    ]) {
      const { code, stderr } = await scratch.mic(['session', ...args], refused);
      assert.notEqual(code, 0);
      assert.match(stderr, /Nothing was claimed/);
    }
    const runner = ['agent', 'run', '--exec', 'true', '--until-empty', '--attempts', '1'];
    const { code, stderr } = await scratch.mic(runner, refused);
    assert.notEqual(code, 0);
    assert.match(stderr, words);
    const { code: checked } = await scratch.mic(['provision', 'check'], refused);
    assert.notEqual(checked, 0);
  }
  const sessions = await scratch.json<{ slug: string; state: string }[]>(['session', 'list'], options);
  assert.deepEqual(
    sessions.map(({ state }) => state),
    ['planned', 'planned'],
  );
  // A line for one session is no matter of the others.
  writeFileSync(join(scratch.hub, conf), 'copy:.env\n');
  writeFileSync(join(scratch.hub, conf.replace('.conf', `.${slugs[0]}.conf`)), 'copy:nothing\n');
  const { slug } = await scratch.json<{ slug: string }>(['session', 'claim', '--any'], options);
  assert.equal(slug, slugs[1]);
});

test('the main workspace says what a new workspace would get', async () => {
  const scratch = await HubScratch.create({ '.gitignore': '.env\n.sessions/\n.worktrees/\n' });
  writeFileSync(join(scratch.hub, '.env'), 'A=1\n');
  writeFileSync(join(scratch.hub, conf), 'copy:.env\n');
  for (const more of [[], ['--from', '.']]) {
    const plan = await scratch.mic(['provision', 'plan', ...more], { in: scratch.hub });
    assert.match(plan.stdout, /^create +copy +\.env$/m);
    const check = await scratch.mic(['provision', 'check', ...more], { in: scratch.hub });
    assert.match(check.stdout, /A new workspace would get all that it needs/);
  }
  const { stderr } = await scratch.mic(['provision', 'apply'], { in: scratch.hub, exit: 3 });
  assert.match(stderr, /is the main workspace/);
});

test('a proposal says which line .gitignore needs before it can be followed', async () => {
  const scratch = await HubScratch.create({ '.gitignore': 'node_modules/\n.sessions/\n' });
  mkdirSync(join(scratch.hub, 'node_modules'));
  writeFileSync(join(scratch.hub, 'node_modules/a.js'), '');
  for (const form of [[], ['--conf']]) {
    const { stdout } = await scratch.mic(['provision', 'discover', ...form], { in: scratch.hub });
    assert.match(stdout, /needs the line \/node_modules in \.gitignore/i);
  }
});

test('a workspace that did not get its files is told as what it is, and gets them later', async () => {
  const scratch = await HubScratch.create({
    '.gitignore': '.env\n.sessions/\n.worktrees/\n',
    'env.j2': 'KEY={{ secret.key }}\n',
    [conf]: 'template:env.j2:.env\n',
  });
  const secrets = join(scratch.hub, '_AGENTS/sessions/_config/secrets.conf');
  writeFileSync(secrets, 'key = false\n');
  const slug = await scratch.planned('one');
  const notPlaced = { in: scratch.hub, exit: exitCodes.notPlaced.code };
  const { stderr } = await scratch.mic(['session', 'claim', slug], notPlaced);
  await scratch.mic(['session', 'start', 'two'], notPlaced);
  assert.match(stderr, /has the workspace .+, which is not complete/);
  const show = () => scratch.mic(['session', 'show', slug], { in: scratch.hub });
  assert.match((await show()).stdout, /^Workspace: .*\(not complete: mic session path/m);
  writeFileSync(secrets, 'key = echo 1\n');
  const { stdout: path } = await scratch.mic(['session', 'path', slug], { in: scratch.hub });
  assert.equal(readFileSync(join(path.trim(), '.env'), 'utf8'), 'KEY=1\n');
  assert.doesNotMatch((await show()).stdout, /not complete/);
});
