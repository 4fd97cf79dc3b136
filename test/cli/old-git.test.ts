import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { HubScratch } from '../agent-sessions/hub-scratch.ts';

test('with a git older than 2.39, every command says at its start that it needs a newer one, and does nothing', async () => {
  const scratch = await HubScratch.create();
  const { slug } = await scratch.started('one');
  await scratch.repository('other', { 'a.txt': 'a\n' });
  // Works as git does, but says that it is an older one.
  const bin = scratch.files('old-git', {});
  writeFileSync(
    join(bin, 'git'),
    '#!/bin/sh\ncase "$*" in version) echo git version 2.30.0 ;; *) PATH=/usr/local/bin:/usr/bin:/bin; exec git "$@" ;; esac\n',
    { mode: 0o755 },
  );
  const environment = { PATH: `${bin}:${scratch.environment.PATH}` };
  const refs = () => scratch.says('for-each-ref');
  const before = await refs();
  for (const [args, directory] of [
    [['init'], 'other'],
    [['status'], 'project'],
    [['session', 'list'], 'project'],
    [['session', 'start', 'two'], 'project'],
    [['session', 'complete', slug], 'project'],
    [['agent', 'run', '--exec=true', '--until-empty'], 'project'],
    [['hub', 'status'], 'project'],
    [['provision', 'discover'], 'project'],
    [['project', 'create', 'acme/web', '--from=.'], 'other'],
  ] as const) {
    const options = { in: join(scratch.directory, directory), environment, exit: exitCodes.refused.code };
    const { stdout, stderr } = await scratch.mic(args, options);
    const words = `mic: Micelio needs git 2.39 or newer, and this is "git version 2.30.0". Install a newer git, or put it first on PATH.\n`;
    assert.deepEqual([stdout, stderr], ['', words], args.join(' '));
  }
  assert.equal(await refs(), before);
  assert.equal((await scratch.git(['status', '--porcelain'], join(scratch.directory, 'other'))).stdout, '');
});
