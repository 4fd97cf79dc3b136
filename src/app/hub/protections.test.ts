import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { completeSession, landSession } from './complete.ts';
import { commit, hubOf, other, placed, request, sessionsOf, slug } from './fixtures.ts';

for (const bare of [true, false]) {
  test(`the hooks of a ${bare ? 'bare' : 'checked-out'} hub that protect main are asked where code comes to it`, async (t) => {
    const hub = hubOf(t, { bare });
    const gitDirectory = join(hub.directory, bare ? '' : '.git');
    const hook = join(gitDirectory, 'hooks/pre-receive');
    mkdirSync(join(gitDirectory, 'hooks'), { recursive: true });
    writeFileSync(
      hook,
      '#!/bin/sh\nread old new ref\n[ "$ref" = refs/heads/main ] || exit 0\necho "$ref" >> asked\ngit show --format= --name-only "$old..$new" | grep -q "^secret" || exit 0\necho "no secrets here"\nexit 1\n',
    );
    chmodSync(hook, 0o755);
    const asked = () => readFileSync(join(gitDirectory, 'asked'), 'utf8');
    const sessions = await sessionsOf(t, hub);
    const workspace = await placed(sessions);
    await sessions.claim(other);
    commit(workspace, 'feat: secret', { 'secret.txt': 'x\n' });
    const before = hub.git(['rev-parse', 'main']);
    for (const attempt of [
      () => completeSession(sessions, request()),
      () => landSession(sessions, { slug, message: undefined }),
    ])
      await assert.rejects(attempt(), { code: 'ledger/refused', message: /no secrets here/ });
    assert.equal(hub.git(['rev-parse', 'main']), before, 'nothing has changed');
    assert.equal((await sessions.ledger.session(slug)).state, 'active');
    assert.equal(asked(), 'refs/heads/main\nrefs/heads/main\n', 'once each, and not for claims');
    rmSync(hook);
    const told = join(gitDirectory, 'told');
    writeFileSync(
      join(gitDirectory, 'hooks/post-receive'),
      '#!/bin/sh\nread old new ref; [ "$ref" = refs/heads/main ] || exit 0; echo "$old $new $ref" > draft; mv draft told\n',
      { mode: 0o755 },
    );
    await sessions.ledger.renew(sessions.held.get(slug)!.token);
    assert.equal((await completeSession(sessions, request())).outcome, 'completed');
    while (!existsSync(told)) await sleep(10);
    const line = `${before} ${hub.git(['rev-parse', 'main'])} refs/heads/main\n`;
    assert.equal(readFileSync(told, 'utf8'), line, 'what starts others is told of code that has come');
  });
}
