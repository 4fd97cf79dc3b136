import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HubScratch } from './hub-scratch.ts';

test('what only sessions of the store have is refused in a git repository, with what holds instead', async () => {
  const scratch = await HubScratch.create();
  const { slug } = await scratch.started('one');
  for (const [command, instead] of [
    [
      ['session', 'restore', slug, '--checkpoint=99'],
      /--checkpoint is not for .* git restore --source=COMMIT/,
    ],
    [['session', 'remove', slug, '--keep-days', '3'], /--keep-days is not for .* mic session forget/],
    [['session', 'diff', slug, '--recorded'], /--recorded is not for .* git log -p/],
    [
      ['session', 'path', slug, '--take-over'],
      /--take-over is not for .* mic session claim SLUG --take-over/,
    ],
    [['session', 'start', 'two', '--description=more'], /--description is not for .* --context/],
    [['session', 'claim', slug, '--capability=ts'], /--capability chooses among sessions, with --any/],
  ] as const) {
    const { stderr } = await scratch.mic(command, { in: scratch.hub, exit: 2 });
    assert.match(stderr.replaceAll('"', ''), instead);
  }
  assert.equal(await scratch.stateOf(slug), 'active');
});

test('what a session of a git repository does with git is said, in its workspace and in the hub', async () => {
  const scratch = await HubScratch.create();
  const { slug, workspace } = await scratch.started('one');
  for (const [command, how] of [
    [
      ['session', 'checkpoint'],
      /has no checkpoints, but commits\. .*: in its workspace, git add -A && git commit/,
    ],
    [['session', 'fork'], /is not forked\. .* git switch -c NAME .* mic session start TITLE/],
    [['session', 'fork', 'three'], /is not forked/],
    [['session', 'fork', slug], /is not forked/],
    [['session', 'resolve', 'README.md'], /git add FILE says that one is right/],
  ] as const)
    for (const place of [workspace, scratch.hub])
      assert.match((await scratch.mic(command, { in: place, exit: 2 })).stderr, how);
  // As the words about a fork say.
  writeFileSync(join(workspace, 'way.txt'), 'one\n');
  const second = await scratch.started('two');
  await scratch.run('sh', ['-c', `mic session diff ${slug} | git apply`], { in: second.workspace });
  assert.equal(readFileSync(join(second.workspace, 'way.txt'), 'utf8'), 'one\n');
});

test('what only sessions of a git repository have is refused in a project of the store', async () => {
  const scratch = await HubScratch.create();
  await scratch.mic(['project', 'create', 'acme/web']);
  const { sessionId } = await scratch.json<{ sessionId: string }>([
    'session',
    'start',
    'one',
    '--project=acme/web',
    '--workspace=none',
  ]);
  for (const [command, instead] of [
    [['session', 'remove', sessionId, '--drop-ignored'], /--drop-ignored is only for .* all is put aside/],
    [['session', 'restore', sessionId, '--workspace=clone'], /--workspace is only for .* that it had/],
    [['session', 'sync', sessionId, '--rebase'], /--rebase is only for .* is merged/],
    [['session', 'start', 'two', '--project=acme/web', '--criterion=x'], /--criterion is only for .* --goal/],
  ] as const) {
    const { stderr } = await scratch.mic(command, { exit: 2 });
    assert.match(stderr, instead);
  }
});
