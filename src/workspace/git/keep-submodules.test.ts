import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { file, ScratchRepository, scratchEnvironment } from '../../git/scratch-repository.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import { bringBackWork } from './bring-back-work.ts';
import { workspaceOf } from './fixtures.ts';
import { keepWork } from './keep-work.ts';
import { removeGitWorkspace } from './remove-git-workspace.ts';

const slug = parseSlug('2026-11-21-parts');
const local = ['-c', 'protocol.file.allow=always'];

for (const kind of ['clone', 'worktree'] as const) {
  test(`what was committed in a submodule of a ${kind} is in the hub's copy, and comes back`, async (t) => {
    const hub = projectWithPart(t);
    const workspace = await workspaceOf(t, hub, slug, kind);
    const part = join(workspace.directory, 'lib/part');
    const side = commitIn(part, 'side.txt');
    gitIn(part, 'branch', 'side');
    gitIn(part, 'reset', '-q', '--hard', 'HEAD~1');
    const commit = commitIn(part, 'new.txt');
    gitIn(workspace.directory, 'commit', '-qam', `[${slug}] feat: a new part`);
    await keepWork(workspace, await hub.open(), 'all');
    await removeGitWorkspace(workspace, await hub.open(), { ignored: 'keep' });

    const copy = join(hub.directory, '.git/modules/lib/part');
    const kept = gitIn(copy, 'for-each-ref', '--format=%(objectname)', 'refs/sessions').split('\n');
    assert.deepEqual(kept.sort(), [commit, side].sort());

    const again = await workspaceOf(t, hub, slug, kind);
    await bringBackWork(again, await hub.open());
    gitIn(again.directory, ...local, 'submodule', '--quiet', 'update');
    assert.ok(existsSync(join(again.directory, 'lib/part/new.txt')));
    assert.match(gitIn(again.directory, 'submodule', 'status'), /^ ?[0-9a-f]{40} lib\/part/);
  });
}

test('commits of a submodule that the hub has no copy of must be pushed first', async (t) => {
  const hub = projectWithPart(t);
  const workspace = await workspaceOf(t, hub, slug, 'clone');
  rmSync(join(hub.directory, '.git/modules'), { recursive: true });
  await keepWork(workspace, await hub.open(), 'all');
  const part = join(workspace.directory, 'lib/part');
  commitIn(part, 'new.txt');
  await assert.rejects(keepWork(workspace, await hub.open(), 'all'), {
    code: 'workspace/cannot-keep',
    message: /"lib\/part".*git push/,
  });
  const elsewhere = ScratchRepository.create(t);
  gitIn(part, 'remote', 'set-url', 'origin', elsewhere.directory);
  gitIn(part, 'push', '-q', 'origin', 'HEAD:refs/heads/new');
  await keepWork(workspace, await hub.open(), 'all');
});

function projectWithPart(t: TestContext): ScratchRepository {
  const part = ScratchRepository.create(t);
  part.commit(new Map([['x', file('x\n')]]));
  const hub = ScratchRepository.create(t, { bare: false });
  hub.commit(new Map([['a.txt', file('a\n')]]));
  hub.git(['reset', '-q', '--hard']);
  hub.git([...local, 'submodule', '--quiet', 'add', part.directory, 'lib/part']);
  hub.git(['commit', '-qm', 'part']);
  return hub;
}

function commitIn(directory: string, name: string): string {
  writeFileSync(join(directory, name), `${name}\n`);
  gitIn(directory, 'add', name);
  gitIn(directory, 'commit', '-qm', name);
  return gitIn(directory, 'rev-parse', 'HEAD');
}

function gitIn(directory: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd: directory,
    env: scratchEnvironment,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
}
