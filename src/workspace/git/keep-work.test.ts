import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { file, ScratchRepository, scratchEnvironment } from '../../git/scratch-repository.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import { bringBackWork } from './bring-back-work.ts';
import { workspaceOf } from './fixtures.ts';
import { keepWork, keptRefs } from './keep-work.ts';
import { removeGitWorkspace } from './remove-git-workspace.ts';
import type { GitWorkspace } from './workspace-record.ts';

const slug = parseSlug('2026-11-21-kept');
const kinds = ['clone', 'worktree'] as const;

async function hubOf(t: TestContext): Promise<ScratchRepository> {
  const hub = ScratchRepository.create(t);
  hub.commit(new Map([['a.txt', file('a\n')]]));
  return hub;
}

function git({ directory }: GitWorkspace, ...args: string[]): string {
  const environment = { ...scratchEnvironment, GIT_CONFIG_NOSYSTEM: '1' };
  return execFileSync('git', args, {
    cwd: directory,
    env: environment,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
}

function put({ directory }: GitWorkspace, text: string): void {
  writeFileSync(join(directory, 'a.txt'), text);
}

const earlier = (hub: ScratchRepository): string[] =>
  hub
    .git(['for-each-ref', '--format=%(refname)', keptRefs(slug).earlier.replace(/\/$/, '')])
    .split('\n')
    .filter(Boolean);

for (const kind of kinds) {
  test(`of a ${kind}: what was not committed survives a workspace that never had it`, async (t) => {
    const hub = await hubOf(t);
    const first = await workspaceOf(t, hub, slug, kind);
    put(first, 'of the first\n');
    await removeGitWorkspace(first, await hub.open(), { ignored: 'keep' });
    const second = await workspaceOf(t, hub, slug, kind);
    put(second, 'of the second\n');
    await keepWork(second, await hub.open(), 'all');
    assert.equal(hub.git(['show', `${keptRefs(slug).uncommitted}:a.txt`]), 'of the second');
    assert.equal(hub.git(['show', `${earlier(hub)[0]}:a.txt`]), 'of the first');
    await keepWork(second, await hub.open(), 'all');
    assert.equal(earlier(hub).length, 1);
    assert.equal(hub.git(['for-each-ref', `refs/sessions/${slug}/keeping`]), '');
  });

  test(`of a ${kind}: what was brought back and then committed leaves nothing behind`, async (t) => {
    const hub = await hubOf(t);
    const first = await workspaceOf(t, hub, slug, kind);
    put(first, 'work\n');
    await removeGitWorkspace(first, await hub.open(), { ignored: 'keep' });
    const second = await workspaceOf(t, hub, slug, kind);
    await bringBackWork(second, await hub.open());
    assert.equal(readFileSync(join(second.directory, 'a.txt'), 'utf8'), 'work\n');
    git(second, 'commit', '-qam', `[${slug}] feat: work`);
    await keepWork(second, await hub.open(), 'all');
    assert.deepEqual(earlier(hub), []);
    assert.equal(hub.git(['for-each-ref', keptRefs(slug).uncommitted]), '');
  });

  test(`of a ${kind}: commits of another workspace, and of a rebase that is not finished, are kept`, async (t) => {
    const hub = await hubOf(t);
    const first = await workspaceOf(t, hub, slug, kind);
    put(first, 'one\n');
    git(first, 'commit', '-qam', `[${slug}] feat: one`);
    const one = git(first, 'rev-parse', 'HEAD');
    await keepWork(first, await hub.open(), 'all');
    git(first, 'checkout', '-q', '--detach', 'HEAD~1');
    put(first, 'two\n');
    git(first, 'commit', '-qam', `[${slug}] feat: two`);
    await keepWork(first, await hub.open(), 'all');
    assert.equal(hub.git(['rev-parse', keptRefs(slug).commits]), git(first, 'rev-parse', 'HEAD'));
    assert.deepEqual(
      earlier(hub).map((ref) => hub.git(['rev-parse', ref])),
      [one],
    );
  });
}

test('of a clone: other branches and stashes are kept', async (t) => {
  const hub = await hubOf(t);
  const clone = await workspaceOf(t, hub, slug, 'clone');
  put(clone, 'stashed\n');
  git(clone, 'stash', '-q');
  git(clone, 'checkout', '-q', '-b', 'try');
  put(clone, 'tried\n');
  git(clone, 'commit', '-qam', `[${slug}] feat: try`);
  git(clone, 'checkout', '-q', `session/${slug}`);
  await removeGitWorkspace(clone, await hub.open(), { ignored: 'keep' });
  const texts = earlier(hub).map((ref) => hub.git(['show', `${ref}:a.txt`]));
  assert.deepEqual(texts.sort(), ['stashed', 'tried']);
});

test('of a clone: work is kept without what the hub has, also where main has moved on', async (t) => {
  const hub = ScratchRepository.create(t);
  const many = Array.from({ length: 300 }, (_, i) => [`${i}/a.txt`, file(`${i}\n`)] as const);
  const all = new Map([['a.txt', file('a\n')], ...many]);
  hub.commit(all);
  const workspace = await workspaceOf(t, hub, slug, 'clone');
  hub.commit(new Map([...all, ['b.txt', file('b\n')]]));
  const objects = (): number =>
    hub
      .git(['count-objects', '-v'])
      .split('\n')
      .filter((line) => /^(?:count|in-pack):/.test(line))
      .reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
  put(workspace, 'work\n');
  git(workspace, 'commit', '-qam', `[${slug}] feat: work`);
  const before = objects();
  await keepWork(workspace, await hub.open(), 'all');
  assert.equal(objects() - before, 3);
  put(workspace, 'more\n');
  git(workspace, 'commit', '-qam', `[${slug}] feat: more`);
  git(workspace, 'push', '-q');
  assert.equal(objects() - before, 6);
});
