import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'node:test';
import { hasCode } from '../base/error.ts';
import { GitError } from './git-error.ts';
import { Git } from './git-process.ts';
import { openRepository, resolveCommit } from './repository.ts';
import {
  file,
  ScratchRepository,
  scratchEnvironment,
  scratchGit,
  temporaryDirectory,
} from './scratch-repository.ts';

describe('running git', () => {
  test('a machine without git is told so', async (t) => {
    const git = new Git({ PATH: temporaryDirectory(t) });
    await assert.rejects(git.run(['version']), (error) => hasCode(error, 'git/missing'));
  });

  test('a git that is too old is refused, having been asked once', async (t) => {
    const directory = temporaryDirectory(t);
    const script = join(directory, 'git');
    const asked = join(directory, 'asked');
    writeFileSync(script, `#!/bin/sh\necho x >>"${asked}"\necho git version 2.38.9\n`);
    chmodSync(script, 0o755);
    const git = new Git({ PATH: `${directory}${delimiter}${process.env.PATH}` });
    await assert.rejects(git.run(['status']), (error) => hasCode(error, 'git/too-old'));
    await assert.rejects(git.run(['status']), (error) => hasCode(error, 'git/too-old'));
    assert.equal(readFileSync(asked, 'utf8'), 'x\n');
  });

  test('until git is known to be new enough, only what changes nothing is started', async (t) => {
    const directory = temporaryDirectory(t);
    const script = join(directory, 'git');
    const started = join(directory, 'started');
    writeFileSync(script, `#!/bin/sh\necho "$1" >>"${started}"\nsleep 0.1\necho git version 2.38.9\n`);
    chmodSync(script, 0o755);
    const git = new Git({ PATH: `${directory}${delimiter}${process.env.PATH}` });
    const isTooOld = (error: unknown) => hasCode(error, 'git/too-old');
    await Promise.all([
      assert.rejects(git.run(['looks'], { effect: 'none' }), isTooOld),
      assert.rejects(git.run(['changes']), isTooOld),
      assert.rejects(git.start(['goes-on']), isTooOld),
    ]);
    assert.deepEqual(readFileSync(started, 'utf8').split('\n').sort(), ['', 'looks', 'version']);
  });

  test('a failure says what was run and what git said', async () => {
    await assert.rejects(scratchGit.run(['cat-file', '--no-such-option']), (error) => {
      assert.ok(error instanceof GitError && error.code === 'git/failed');
      assert.deepEqual(error.failure?.command, ['cat-file', '--no-such-option']);
      assert.equal(error.failure.exitCode, 129);
      assert.match(error.failure.stderr, /no-such-option/);
      return true;
    });
  });

  test('variables that point to another repository do not reach git', async (t) => {
    const scratch = ScratchRepository.create(t);
    const commit = scratch.commit(new Map([['a', file('a')]]));
    const git = new Git({
      ...scratchEnvironment,
      GIT_DIR: '/nowhere',
      GIT_OBJECT_DIRECTORY: '/nowhere',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.bare',
      GIT_CONFIG_VALUE_0: 'nonsense',
    });
    assert.equal(await resolveCommit(await openRepository(git, scratch.directory), 'main'), commit);
  });

  test('what is written before git reads it all waits, and a git that ends early does not block the writer', async () => {
    const process = await scratchGit.start(['cat-file', '--no-such-option']);
    process.stdout.resume();
    for (let i = 0; i < 64; i++) await process.write(Buffer.alloc(64 * 1024));
    await assert.rejects(process.succeeded(), (error) => hasCode(error, 'git/failed'));
  });

  test('a git that is stopped has ended, whoever it has started goes on or not', async (t) => {
    const pidFile = join(temporaryDirectory(t), 'pid');
    // As ssh that waits for a network: it has git's standard error, and outlives git.
    const alias = `alias.waits=!sleep 600 & echo $! >'${pidFile}'; echo started; wait`;
    const waiting = await scratchGit.start(['-c', alias, 'waits']);
    for await (const _ of waiting.stdout) break;
    await waiting.stop();
    assert.notEqual((await waiting.exited).code, 0);
    process.kill(Number(readFileSync(pidFile, 'utf8')));
  });
});

describe('opening a repository', () => {
  test('what is none is refused', async (t) => {
    const refused = (error: unknown) => hasCode(error, 'git/not-a-repository');
    await assert.rejects(openRepository(scratchGit, temporaryDirectory(t)), refused);
    await assert.rejects(openRepository(scratchGit, '/no/such/place'), refused);
  });

  test('revisions resolve to full ids, and what is none is told', async (t) => {
    const scratch = ScratchRepository.create(t);
    const repository = await scratch.open();
    await assert.rejects(resolveCommit(repository, 'HEAD'), (error) =>
      hasCode(error, 'git/repository-empty'),
    );
    const [first, second] = scratch.commits([new Map(), new Map([['a', file('a')]])]);
    scratch.git(['tag', '-a', '-m', 'one', 'v1', first!]);
    assert.equal(await resolveCommit(repository, 'HEAD'), second);
    assert.equal(await resolveCommit(repository, 'main~1'), first);
    assert.equal(await resolveCommit(repository, 'v1'), first);
    assert.equal(await resolveCommit(repository, second!.slice(0, 12)), second);
    const refusals = ['nowhere', '-n', '--all', 'main^{tree}', scratch.blob('x'), 'f'.repeat(40), 'a\0b', ''];
    for (const revision of refusals) {
      await assert.rejects(resolveCommit(repository, revision), (error) =>
        hasCode(error, 'git/revision-unknown'),
      );
    }
  });
});
