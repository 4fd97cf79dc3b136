import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redactor, secretValues } from './redaction.ts';

test('what is known to be secret is hidden, line by line', () => {
  const redactor = new Redactor(['swordfish', 'first line\nsecond line', 'short']);
  assert.equal(redactor.line('the swordfish, twice: swordfish'), 'the ***, twice: ***');
  assert.equal(redactor.line('second line'), '***');
  assert.equal(redactor.line('a short word'), 'a short word');
});

test('what looks like a secret is hidden, and what does not stays', () => {
  const redactor = new Redactor([]);
  for (const [said, shown] of [
    ['ghp_abcdefghijklmnopqrst0123', '***'],
    ['Authorization: Bearer abcdef0123456789', 'Authorization: Bearer ***'],
    ['https://ada:pass@example.org/x', 'https://***@example.org/x'],
    ['API_KEY="0123456789abc"', 'API_KEY="***"'],
    ['password: hunter22', 'password: ***'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl', '***'],
    ['commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904', 'commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904'],
    ['12 tests passed, no token was used', '12 tests passed, no token was used'],
  ] as const)
    assert.equal(redactor.line(said), shown);
});

test('a private key is hidden to its end', () => {
  const redactor = new Redactor([]);
  const lines = ['-----BEGIN PRIVATE KEY-----', 'MIIEvQ', '-----END PRIVATE KEY-----', 'after'];
  assert.deepEqual(
    lines.map((line) => redactor.line(line)),
    ['***', '***', '***', 'after'],
  );
});

test('variables are secret by their names', () => {
  assert.deepEqual(secretValues({ GITHUB_TOKEN: 'one', PATH: '/bin', DB_PASSWORD: 'two' }), ['one', 'two']);
});
