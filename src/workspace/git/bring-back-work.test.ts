import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { file, ScratchRepository, scratchEnvironment } from '../../git/scratch-repository.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import { bringBackWork } from './bring-back-work.ts';
import { workspaceOf } from './fixtures.ts';
import { keepWork, keptRefs } from './keep-work.ts';
import { removeGitWorkspace } from './remove-git-workspace.ts';
import type { GitWorkspace } from './workspace-record.ts';

const slug = parseSlug('2026-11-21-back');

function hubOf(t: TestContext): ScratchRepository {
  const hub = ScratchRepository.create(t);
  hub.commit(new Map([['a.txt', file('a\n')]]));
  return hub;
}

function git({ directory }: GitWorkspace, ...args: string[]): string {
  const environment = { ...scratchEnvironment, GIT_CONFIG_NOSYSTEM: '1' };
  return execFileSync('git', args, { cwd: directory, env: environment, encoding: 'utf8' }).trim();
}

function put({ directory }: GitWorkspace, text: string): void {
  writeFileSync(join(directory, 'a.txt'), text);
}

function commit(workspace: GitWorkspace, text: string): string {
  put(workspace, text);
  git(workspace, 'commit', '-qam', `[${slug}] feat: ${text.trim()}`);
  return git(workspace, 'rev-parse', 'HEAD');
}

const textOf = ({ directory }: GitWorkspace) => readFileSync(join(directory, 'a.txt'), 'utf8');

const earlier = (hub: ScratchRepository): string[] =>
  hub
    .git(['for-each-ref', '--format=%(objectname)', `refs/sessions/${slug}/earlier`])
    .split('\n')
    .filter(Boolean);

for (const kind of ['clone', 'worktree'] as const) {
  test(`commits of a worktree that was deleted by hand come back in a ${kind}`, async (t) => {
    const hub = hubOf(t);
    const first = await workspaceOf(t, hub, slug, 'worktree');
    const head = commit(first, 'one\n');
    rmSync(first.directory, { recursive: true });
    const second = await workspaceOf(t, hub, slug, kind);
    await bringBackWork(second, await hub.open());
    assert.equal(git(second, 'rev-parse', 'HEAD'), head);
    assert.equal(textOf(second), 'one\n');
    assert.equal(git(second, 'status', '--porcelain'), '');
  });

  test(`so do those behind what was kept last, in a ${kind}; and what was not committed is kept`, async (t) => {
    const hub = hubOf(t);
    const first = await workspaceOf(t, hub, slug, 'worktree');
    commit(first, 'one\n');
    put(first, 'in the middle\n');
    await keepWork(first, await hub.open(), 'all');
    const middle = hub.git(['rev-parse', keptRefs(slug).uncommitted]);
    const head = commit(first, 'two\n');
    rmSync(first.directory, { recursive: true });
    const second = await workspaceOf(t, hub, slug, kind);
    await bringBackWork(second, await hub.open());
    assert.equal(git(second, 'rev-parse', 'HEAD'), head);
    assert.equal(textOf(second), 'two\n');
    assert.deepEqual(earlier(hub), [middle]);
  });
}

test('a push that was made anew since is not what comes back, and is kept as well', async (t) => {
  const hub = hubOf(t);
  const first = await workspaceOf(t, hub, slug, 'clone');
  const pushed = commit(first, 'one\n');
  git(first, 'push', '-q');
  put(first, 'better\n');
  git(first, 'commit', '-qa', '--amend', '--no-edit');
  await removeGitWorkspace(first, await hub.open(), { ignored: 'keep' });
  for (const kind of ['clone', 'worktree'] as const) {
    const second = await workspaceOf(t, hub, slug, kind);
    await bringBackWork(second, await hub.open());
    assert.equal(textOf(second), 'better\n');
    assert.deepEqual(earlier(hub), [pushed]);
    await removeGitWorkspace(second, await hub.open(), { ignored: 'keep' });
  }
});
