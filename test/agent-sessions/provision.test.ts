import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
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
