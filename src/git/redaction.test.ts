import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { GitError } from './git-error.ts';
import { Git } from './git-process.ts';
import { endOf, withoutCredentials } from './redaction.ts';
import { temporaryDirectory } from './scratch-repository.ts';

describe('what git says is shown', () => {
  for (const [said, shown] of [
    ["'https://a:b@x@c/d' and ssh://git@h/x", "'https://c/d' and ssh://h/x"],
    ['https://t0ken@c/d.git', 'https://c/d.git'],
    ['https://c/d?a=1&private_token=t0ken&b=2', 'https://c/d?a=1&private_token=…&b=2'],
    ['> Authorization: Basic dDprZW4=\nx', '> Authorization: …\nx'],
    ['a@b.org pushed to https://c/d', 'a@b.org pushed to https://c/d'],
  ] as const) {
    test(`as "${shown.split('\n')[0]}"`, () => assert.equal(withoutCredentials(said), shown));
  }

  test('from a whole word on', () => {
    assert.equal(endOf('https://user:secret@host/path is gone', 24), ' is gone');
    assert.equal(endOf('short', 24), 'short');
    assert.equal(endOf('x'.repeat(30), 24), '');
  });

  test('without credentials in any error, and in any output that is no error', async (t) => {
    const directory = temporaryDirectory(t);
    const script = join(directory, 'git');
    // A git that is long-winded, so that its words are cut, and the cut may go through a URL.
    writeFileSync(
      script,
      `#!/bin/sh
[ "$1" = version ] && echo git version 2.50.0 && exit
for i in $(seq 400); do echo "no https://ada:t0ken@example.org/$i" >&2; done
exit 3
`,
    );
    chmodSync(script, 0o755);
    const git = new Git({ PATH: process.env.PATH }, script);
    const { stderr } = await git.attempt(['fetch']);
    assert.match(stderr, /example\.org\/400/);
    assert.doesNotMatch(stderr, /t0ken|ken@/);
    const asked = ['ls-remote', 'https://ada:t0ken@example.org/x'];
    await assert.rejects(git.run(asked), (error: GitError) => {
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /t0ken|ken@/);
      return error.failure?.command[0] === 'ls-remote';
    });
    const made = new GitError('git/failed', 'It was https://ada:t0ken@example.org/x.');
    assert.doesNotMatch(`${made.message} ${made.stack}`, /t0ken/);
  });
});
