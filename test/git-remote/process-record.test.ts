import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CloudScratch } from './cloud-scratch.ts';

describe('where a token is in a process', () => {
  const token = 'mic-t0ken-seen-a81c55';
  for (const [where, work] of [
    [
      'in a command line of git, if only for a moment',
      (other: CloudScratch, hub: string) =>
        other.git(['-c', `http.extraHeader=Authorization: Bearer ${token}`, 'ls-remote', '-q'], hub),
    ],
    [
      'in a command line of a program that git starts',
      (other: CloudScratch, hub: string) => other.git(['-c', `alias.show-it=!true ${token}`, 'show-it'], hub),
    ],
    [
      'in the environment that mic has, and gives to git',
      (other: CloudScratch, hub: string) =>
        other.mic(['hub', 'status'], hub, { environment: { SOME_TOKEN: token } }),
    ],
  ] as const) {
    test(`it is found: ${where}`, async () => {
      const other = await CloudScratch.start();
      other.tokens(token);
      await other.cloud('seen.git');
      const hub = await other.hub('seen', 'seen.git');
      await other.commit(hub, { a: 'a\n' });
      await other.mic(['hub', 'sync'], hub);
      await other.assertNoToken();
      await work(other, hub);
      await assert.rejects(other.assertNoToken(), assert.AssertionError);
    });
  }
});
