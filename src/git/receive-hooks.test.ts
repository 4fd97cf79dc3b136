import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { announceToHooks, refusalOfHooks } from './receive-hooks.ts';
import type { RefMove } from './refs.ts';
import { file, ScratchRepository } from './scratch-repository.ts';

/** A bare repository with two commits, and the move of main from the first to the second. */
function repositoryWithMove(t: TestContext, bare = true) {
  const repository = ScratchRepository.create(t, { bare });
  const [expected, next] = repository.commits([new Map([['a', file('1')]]), new Map([['a', file('2')]])]);
  const move: RefMove = { ref: 'refs/heads/main', expected: expected!, next: next! };
  return { repository, move, gitDirectory: join(repository.directory, bare ? '' : '.git') };
}

function hook(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), script);
  chmodSync(join(folder, name), 0o755);
}

test('hooks are told what git would tell them of a push', async (t) => {
  for (const bare of [true, false]) {
    const { repository, move, gitDirectory } = repositoryWithMove(t, bare);
    const hooks = join(gitDirectory, 'hooks');
    const told = (name: string) => readFileSync(join(gitDirectory, name), 'utf8');
    const script = (name: string) =>
      `#!/bin/sh\n{ echo "$@"; cat; echo "$GIT_DIR"; git log -1 --format=%H ${move.next}; } > told-${name}\n`;
    hook(hooks, 'pre-receive', script('pre-receive'));
    hook(hooks, 'update', script('update'));
    assert.equal(await refusalOfHooks(await repository.open(), [move]), undefined);
    assert.equal(
      told('told-pre-receive'),
      `\n${move.expected} ${move.next} refs/heads/main\n.\n${move.next}\n`,
    );
    assert.equal(told('told-update'), `refs/heads/main ${move.expected} ${move.next}\n.\n${move.next}\n`);
    // The same as git itself says.
    const [ours, oursToo] = [told('told-pre-receive'), told('told-update')];
    repository.git(['config', 'receive.denyCurrentBranch', 'ignore']);
    repository.git(['update-ref', 'refs/heads/main', `${move.expected}`]);
    repository.git(['push', '--quiet', gitDirectory, `${move.next}:refs/heads/main`]);
    assert.deepEqual([told('told-pre-receive'), told('told-update')], [ours, oursToo]);
  }
});

test('the first hook that says no is heard, with its words', async (t) => {
  const { repository, move, gitDirectory } = repositoryWithMove(t);
  const hooks = join(gitDirectory, 'hooks');
  hook(hooks, 'update', '#!/bin/sh\necho "not to $1"; echo "by me" >&2; exit 3\n');
  const refusal = await refusalOfHooks(await repository.open(), [move]);
  assert.match(refusal ?? '', /hooks\/update said no: not to refs\/heads\/main\nby me$/);
  // Without saying what runs it, a shell does.
  hook(hooks, 'pre-receive', 'read old new ref; echo "$ref is closed"; exit 1\n');
  assert.match((await refusalOfHooks(await repository.open(), [move])) ?? '', /refs\/heads\/main is closed$/);
});

test('hooks are looked for where git looks, and only those that can be run', async (t) => {
  const { repository, move, gitDirectory } = repositoryWithMove(t);
  hook(join(gitDirectory, 'hooks'), 'update', '#!/bin/sh\nexit 1\n');
  repository.git(['config', 'core.hooksPath', 'elsewhere']);
  assert.equal(await refusalOfHooks(await repository.open(), [move]), undefined);
  hook(join(gitDirectory, 'elsewhere'), 'update', '#!/bin/sh\nexit 1\n');
  assert.match((await refusalOfHooks(await repository.open(), [move])) ?? '', /elsewhere\/update said no\.$/);
  chmodSync(join(gitDirectory, 'elsewhere/update'), 0o644);
  assert.equal(await refusalOfHooks(await repository.open(), [move]), undefined);
});

/** What a file of a hook in the background has, once it is there. */
async function written(path: string): Promise<string> {
  while (!existsSync(path)) await sleep(10);
  const text = readFileSync(path, 'utf8');
  rmSync(path);
  return text;
}

test('hooks are told of what has moved as git tells them, and nobody waits for them', async (t) => {
  const { repository, move, gitDirectory } = repositoryWithMove(t);
  const script = (name: string) =>
    `#!/bin/sh\n{ echo "$@"; cat; echo "$GIT_DIR"; } > draft-${name}; mv draft-${name} told-${name}; echo said\n`;
  const names = ['post-receive', 'post-update'];
  for (const name of names) hook(join(gitDirectory, 'hooks'), name, script(name));
  const told = () => Promise.all(names.map((name) => written(join(gitDirectory, `told-${name}`))));
  await announceToHooks(await repository.open(), [move]);
  const ours = await told();
  repository.git(['update-ref', 'refs/heads/main', `${move.expected}`]);
  repository.git(['push', '--quiet', gitDirectory, `${move.next}:refs/heads/main`]);
  assert.deepEqual(await told(), ours);

  // One that goes on for long, and does not read; and one that nothing says what runs it.
  const goOn = join(gitDirectory, 'go-on');
  hook(
    join(gitDirectory, 'hooks'),
    'post-receive',
    `echo begun; while [ ! -e go-on ]; do sleep 0.02; done; echo done > ended\n`,
  );
  await announceToHooks(await repository.open(), [move]);
  assert.ok(!existsSync(join(gitDirectory, 'ended')));
  writeFileSync(goOn, '');
  await written(join(gitDirectory, 'ended'));
  assert.equal(readFileSync(join(gitDirectory, 'micelio/post-receive.log'), 'utf8'), 'begun\n');
});
