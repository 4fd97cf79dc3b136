import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { hasCode } from '../../base/error.ts';
import { PeerToken } from './peer-token.ts';

const secret = '0123456789abcdef';

test('admits those who have it, and nobody else', () => {
  const token = PeerToken.parse(secret);
  assert.ok(token.admits(token.authorization));
  for (const wrong of [
    undefined,
    '',
    secret,
    `Bearer ${secret}0`,
    `Bearer ${secret.slice(1)}`,
    `bearer ${secret}`,
  ]) {
    assert.ok(!token.admits(wrong), `${wrong}`);
  }
});

test('does not show itself', () => {
  const token = PeerToken.parse(secret);
  const shown = `${inspect(token, { showHidden: true, depth: 9 })} ${JSON.stringify(token)} ${String(token)}`;
  assert.ok(!shown.includes(secret), shown);
  assert.throws(
    () => PeerToken.parse('short-and-secret'.slice(1)),
    (error: unknown) => hasCode(error, 'storage/peers-invalid') && !String(error).includes('secret'),
  );
  assert.throws(() => PeerToken.parse(`${secret}\n`));
});
