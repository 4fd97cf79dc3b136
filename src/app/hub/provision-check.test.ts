import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { file } from '../../git/scratch-repository.ts';
import { hubOf, other, placed, sessionsOf, slug } from './fixtures.ts';
import { anySession, provisionableChecks, requireProvisionable } from './provision-check.ts';

const conf = '_AGENTS/sessions/_config/untracked-files.conf';

test('a wrong line concerns sessions that have no workspace yet, and no others', async (t) => {
  const hub = hubOf(t, { more: new Map([[conf, file('# Nothing\n')]]) });
  const sessions = await sessionsOf(t, hub);
  await placed(sessions);
  await requireProvisionable(sessions, anySession, 'clone');
  writeFileSync(join(hub.directory, conf), 'copy:nothing\n');
  const wrong = { code: 'provision/source-missing', message: /^Nothing was claimed.*line 1/ };
  await assert.rejects(requireProvisionable(sessions, anySession, 'clone'), wrong);
  const check = provisionableChecks(sessions, 'clone');
  await check(slug);
  await assert.rejects(check(other), wrong);
  await assert.rejects(check(other), wrong);
});

test('a secret that no command is known for is one thing that is wrong, and the file for it is named whole', async (t) => {
  const ignored = ['.gitignore', file('.sessions/\n.worktrees/\n.env\n.env.j2\n')] as const;
  const hub = hubOf(t, { more: new Map([[conf, file('template:.env.j2\n')], ignored]) });
  writeFileSync(join(hub.directory, '.env.j2'), 'KEY={{ secret.KEY }}\n');
  await assert.rejects(requireProvisionable(await sessionsOf(t, hub), slug, 'clone'), {
    code: 'provision/variable-undefined',
    message:
      /files\. \.env\.j2, line 1: no command is known for the secret KEY\. Add a line to _AGENTS\/sessions\/_config\/secrets\.conf in the main workspace: KEY = program arguments\n/,
  });
});
