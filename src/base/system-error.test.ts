import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MicelioError } from './error.ts';
import { isAbsent, spokenTrouble, systemCode, systemTrouble } from './system-error.ts';

const errorOf = (code: string) => Object.assign(new Error(code), { code });

test('an error of the operating system is told from those of Node and our own', () => {
  assert.throws(() => readFileSync('/there is no such file'), isAbsent);
  assert.equal(systemCode(errorOf('EIO')), 'EIO');
  for (const error of [errorOf('ERR_OUT_OF_RANGE'), new MicelioError('a/b', 'c'), new Error('x'), 'ENOSPC'])
    assert.equal(systemTrouble(error), undefined);
});

test('what it means is said once', () => {
  const kinds = ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EIO'].map((code) => {
    const { kind, words } = systemTrouble(errorOf(code))!;
    return [kind, /^the [^.]*\. [A-Z][^.]*do it again$/.test(words)];
  });
  assert.deepEqual(
    kinds,
    ['full', 'full', 'denied', 'denied', 'denied', 'failed'].map((kind) => [kind, true]),
  );
});

test('what a program says of the disk is understood, and what it says of a login is not', () => {
  const said = 'error: x\nfatal: cannot create directory at "a": No space left on device';
  assert.equal(spokenTrouble(said)?.kind, 'full');
  assert.equal(spokenTrouble("fatal: Unable to create 'index.lock': Read-only file system")?.kind, 'denied');
  assert.equal(spokenTrouble('git@example.org: Permission denied (publickey).'), undefined);
});
