import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exposedCredentials, hasCredentials, urlsOf } from './remote-url.ts';
import { ScratchRepository } from './scratch-repository.ts';

describe('a URL of a remote', () => {
  for (const url of [
    'https://ada:secret@example.org/x.git',
    'https://:secret@example.org/x.git',
    'https://token0123456789abcdefgh@example.org/x',
    'https://token0123456789abcdefgh:@example.org/x',
    'https://example.org/x?private_token=0123',
    'ssh://git:secret@example.org/x',
  ]) {
    test(`has credentials: ${url}`, () => assert.ok(hasCredentials(url)));
  }
  for (const url of [
    'https://example.org/x.git',
    'https://ada@example.org/x.git',
    'https://ada.lovelace%40analytical-engine.example@example.org/x.git',
    'ssh://git@example.org:22/x',
    'git@example.org:x/y.git',
    '/srv/git/x@y.git',
    'file:///srv/a:b@c',
  ]) {
    test(`has none: ${url}`, () => assert.ok(!hasCredentials(url)));
  }
});

test('credentials in the configuration of a repository are found, wherever they stand', async (t) => {
  const scratch = ScratchRepository.create(t);
  const remote = { repository: await scratch.open(), name: 'origin' };
  assert.deepEqual(await urlsOf(remote), []);
  scratch.git(['remote', 'add', 'origin', 'https://example.org/x']);
  assert.deepEqual(await urlsOf(remote), ['https://example.org/x']);
  assert.deepEqual(await exposedCredentials(remote), []);
  scratch.git(['config', 'remote.origin.pushurl', 'https://ada:secret@example.org/x']);
  assert.deepEqual(await exposedCredentials(remote), ['remote.origin.url']);
  scratch.git(['config', '--unset', 'remote.origin.pushurl']);
  scratch.git(['config', 'url.https://ada:secret@example.org/.insteadOf', 'https://example.org/']);
  assert.deepEqual(await exposedCredentials(remote), ['remote.origin.url']);
  scratch.git(['config', '--remove-section', 'url.https://ada:secret@example.org/']);
  scratch.git(['config', 'http.https://example.org/.extraHeader', 'Authorization: Basic YWRhOnNlY3JldA==']);
  assert.deepEqual(await exposedCredentials(remote), ['http.https://example.org/.extraheader']);
  scratch.git(['config', 'http.https://example.org/.extraHeader', 'X-Trace: 1']);
  assert.deepEqual(await exposedCredentials(remote), []);
});
