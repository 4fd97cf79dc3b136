import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FileSystemErrorCode, fileSystemError } from '../vfs/file-system-error.ts';
import { nfsError } from './nfs-error.ts';
import { statusOf } from './status.ts';

test('errors have the numbers of RFC 1813', () => {
  const numbers: Partial<Record<FileSystemErrorCode, number>> = {
    'file-system/not-permitted': 1,
    'file-system/not-found': 2,
    'file-system/io': 5,
    'file-system/denied': 13,
    'file-system/exists': 17,
    'file-system/not-a-directory': 20,
    'file-system/full': 28,
    'file-system/read-only': 30,
    'file-system/not-empty': 66,
    'file-system/stale': 70,
    'file-system/not-in-step': 10002,
  };
  for (const [code, number] of Object.entries(numbers))
    assert.equal(statusOf(fileSystemError(code as FileSystemErrorCode)), number);
  assert.equal(statusOf(nfsError('nfs/bad-handle')), 10001);
  assert.equal(statusOf(nfsError('nfs/busy')), 10008);
});

test('what is no answer has no status', () => {
  assert.equal(statusOf(new Error('a bug')), undefined);
  assert.equal(statusOf('text'), undefined);
});
