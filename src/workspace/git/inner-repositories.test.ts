import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  file,
  ScratchRepository,
  scratchEnvironment,
  temporaryDirectory,
} from '../../git/scratch-repository.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import { bringBackWork } from './bring-back-work.ts';
import { workspaceOf } from './fixtures.ts';
import { keepWork, keptRefs } from './keep-work.ts';
import { removeGitWorkspace } from './remove-git-workspace.ts';
import { asideOf, dropBroughtBack } from './set-aside.ts';
import type { GitWorkspace } from './workspace-record.ts';

const slug = parseSlug('2026-11-21-inner');

for (const kind of ['clone', 'worktree'] as const) {
  test(`of a ${kind}: a repository that was committed as a gitlink comes back with all that it had`, async (t) => {
    const hub = hubOf(t);
    const workspace = await workspaceOf(t, hub, slug, kind);
    const inner = join(workspace.directory, 'inner');
    git(workspace.directory, 'init', '-q', 'inner');
    commitIn(inner, { '.gitignore': '*.local\nnode_modules\n', x: 'one\n' });
    git(inner, 'branch', 'build/x');
    commitIn(inner, { x: 'two\n' });
    git(workspace.directory, '-c', 'advice.addEmbeddedRepo=false', 'add', 'inner');
    git(workspace.directory, 'commit', '-qm', `[${slug}] feat: inner`);
    put(inner, { x: 'stashed\n' });
    git(inner, 'stash', '-q');
    git(inner, 'pack-refs', '--all');
    put(inner, { x: 'three\n', 'new/y': 'y', 'my.local': 'mine', 'node_modules/z': 'z', 'dist/kept': 'k' });
    const before = stateOf(inner);

    const { gone } = await removeGitWorkspace(workspace, await hub.open(), { ignored: 'keep' });
    assert.deepEqual(
      gone.map(({ path }) => path),
      ['inner/node_modules'],
    );
    const again = join((await broughtBack(t, hub, kind)).directory, 'inner');
    assert.equal(stateOf(again), before);
    assert.equal(git(again, 'stash', 'show', '-p', '--format=').includes('+stashed'), true);
    assert.equal(readFileSync(join(again, 'my.local'), 'utf8'), 'mine');
    assert.equal(git(again, 'fsck'), '');
    assert.deepEqual(asideOf(await hub.open(), slug), []);
  });

  test(`of a ${kind}: a repository without a commit is kept, and does not keep git from keeping the rest`, async (t) => {
    const hub = hubOf(t);
    const workspace = await workspaceOf(t, hub, slug, kind);
    git(workspace.directory, 'init', '-q', 'deep/inner');
    put(workspace.directory, { 'deep/inner/x': 'x', 'deep/beside': 'beside' });
    await keepWork(workspace, await hub.open(), 'all');
    assert.equal(hub.git(['show', `${keptRefs(slug).uncommitted}:deep/beside`]), 'beside');
    await removeGitWorkspace(workspace, await hub.open(), { ignored: 'drop' });
    const { directory } = await broughtBack(t, hub, kind);
    assert.equal(readFileSync(join(directory, 'deep/beside'), 'utf8'), 'beside');
    assert.match(git(join(directory, 'deep/inner'), 'status', '--porcelain'), /^\?\? x$/);
  });

  test(`of a ${kind}: who says "git init" among files that are tracked keeps that history too`, async (t) => {
    const hub = hubOf(t);
    const workspace = await workspaceOf(t, hub, slug, kind);
    const part = join(workspace.directory, 'part');
    git(part, 'init', '-q');
    commitIn(part, { 'b.txt': 'more\n' });
    const before = git(part, 'rev-parse', 'HEAD');
    await removeGitWorkspace(workspace, await hub.open(), { ignored: 'keep' });
    assert.equal(hub.git(['show', `${keptRefs(slug).uncommitted}:part/b.txt`]), 'more');
    const { directory } = await broughtBack(t, hub, kind);
    assert.equal(git(join(directory, 'part'), 'rev-parse', 'HEAD'), before);
    assert.equal(git(join(directory, 'part'), 'status', '--porcelain'), '');
  });
}

test('of dependencies, a repository with work of its own stays, and one that is as it was fetched goes', async (t) => {
  const hub = hubOf(t);
  const from = ScratchRepository.create(t);
  from.commit(new Map([['x', file('x\n')]]));
  const workspace = await workspaceOf(t, hub, slug, 'clone');
  for (const name of ['as-fetched', 'mended']) {
    git(workspace.directory, 'clone', '-q', from.directory, `node_modules/${name}`);
  }
  commitIn(join(workspace.directory, 'node_modules/mended'), { x: 'mended\n' });
  const { gone } = await removeGitWorkspace(workspace, await hub.open(), { ignored: 'keep' });
  assert.deepEqual(
    gone.map(({ path }) => path),
    ['node_modules'],
  );
  const { directory } = await broughtBack(t, hub, 'clone');
  assert.equal(readFileSync(join(directory, 'node_modules/mended/x'), 'utf8'), 'mended\n');
  assert.equal(existsSync(join(directory, 'node_modules/as-fetched')), false);
});

test('two repositories are never mixed: where there is one, another one stays aside as a whole', async (t) => {
  const hub = hubOf(t);
  const [first, second] = ['one', 'two'];
  for (const name of [first, second]) {
    const workspace = await workspaceOf(t, hub, slug, 'clone');
    git(workspace.directory, 'init', '-q', 'inner');
    commitIn(join(workspace.directory, 'inner'), { [name!]: 'x' });
    git(join(workspace.directory, 'inner'), 'branch', name!);
    await removeGitWorkspace(workspace, await hub.open(), { ignored: 'keep' });
  }
  const { directory } = await broughtBack(t, hub, 'clone');
  assert.match(git(join(directory, 'inner'), 'branch'), /two/);
  assert.doesNotMatch(git(join(directory, 'inner'), 'branch'), /one/);
  const [aside] = asideOf(await hub.open(), slug);
  assert.match(git(join(aside!.directory, 'inner'), 'branch'), /one/);
});

test('what a submodule ignores comes back, and so do commits of a worktree of the clone that is on no branch', async (t) => {
  const part = ScratchRepository.create(t);
  part.commit(new Map([['.gitignore', file('*.local\n')]]));
  const hub = hubOf(t, { bare: false });
  hub.git(['reset', '-q', '--hard']);
  hub.git(['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', part.directory, 'lib']);
  hub.git(['commit', '-qm', 'lib']);
  const workspace = await workspaceOf(t, hub, slug, 'clone');
  put(workspace.directory, { 'lib/my.local': 'mine' });
  const beside = join(temporaryDirectory(t), 'beside');
  git(workspace.directory, 'worktree', 'add', '-q', '--detach', beside);
  commitIn(beside, { 'a.txt': 'beside\n' });
  const commit = git(beside, 'rev-parse', 'HEAD');
  await removeGitWorkspace(workspace, await hub.open(), { ignored: 'keep' });
  assert.equal(hub.git(['rev-parse', `${keptRefs(slug).earlier}1`]), commit);
  const { directory } = await broughtBack(t, hub, 'clone');
  assert.equal(readFileSync(join(directory, 'lib/my.local'), 'utf8'), 'mine');
});

function hubOf(t: TestContext, { bare = true } = {}): ScratchRepository {
  const hub = ScratchRepository.create(t, { bare });
  const files = { 'a.txt': 'a\n', 'part/b.txt': 'b\n', '.gitignore': 'node_modules\n' };
  hub.commit(new Map(Object.entries(files).map(([path, text]) => [path, file(text)])));
  return hub;
}

async function broughtBack(
  t: TestContext,
  hub: ScratchRepository,
  kind: 'clone' | 'worktree',
): Promise<GitWorkspace> {
  const again = await workspaceOf(t, hub, slug, kind);
  dropBroughtBack(await bringBackWork(again, await hub.open()));
  return again;
}

function put(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

function commitIn(directory: string, files: Readonly<Record<string, string>>): void {
  put(directory, files);
  git(directory, 'add', '--all');
  git(directory, 'commit', '-qm', `[${slug}] feat: ${Object.keys(files).join(' ')}`);
}

/** All that a repository has, as git sees it. */
function stateOf(directory: string): string {
  return ['for-each-ref', 'reflog', 'status --porcelain=v2 --branch --untracked-files=all', 'diff']
    .map((command) => git(directory, ...command.split(' ')))
    .join('\n');
}

function git(directory: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd: directory,
    env: scratchEnvironment,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
}
