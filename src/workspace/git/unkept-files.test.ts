import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { file, ScratchRepository, temporaryDirectory } from '../../git/scratch-repository.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import { bringBackWork } from './bring-back-work.ts';
import { workspaceOf } from './fixtures.ts';
import { keepWork } from './keep-work.ts';
import { removeGitWorkspace } from './remove-git-workspace.ts';
import { asideOf, dropBroughtBack } from './set-aside.ts';
import { asideBytesMax } from './unkept-files.ts';
import type { GitWorkspace } from './workspace-record.ts';

const slug = parseSlug('2026-11-21-ignored');
const kinds = ['clone', 'worktree'] as const;
const ignored = '*.local\n*.log\n*.pyc\n/data/\nnode_modules\n/dist/\n/tmp/\n';

async function hubOf(t: TestContext): Promise<ScratchRepository> {
  const hub = ScratchRepository.create(t);
  hub.commit(
    new Map([
      ['a.txt', file('a\n')],
      ['.gitignore', file(ignored)],
    ]),
  );
  return hub;
}

function put({ directory }: GitWorkspace, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

for (const kind of kinds) {
  test(`of a ${kind}: what git ignores and an agent made comes back; what can be made again goes, and is named`, async (t) => {
    const hub = await hubOf(t);
    const workspace = await workspaceOf(t, hub, slug, kind);
    put(workspace, {
      'notes.local': 'mine\n',
      'src/deep/run.log': 'ran\n',
      'data/app.db': 'rows',
      'data/é ü': 'named',
      'data/node_modules/x/index.js': 'x',
      'node_modules/left-pad/index.js': 'pad',
      'dist/app.js': 'built',
      'tmp/findings.md': 'found',
      'src/a.pyc': 'compiled',
      'untracked.txt': 'untracked\n',
    });
    symlinkSync('nowhere', join(workspace.directory, 'data/link'));
    const removed = await removeGitWorkspace(workspace, await hub.open(), { ignored: 'keep' });
    assert.ok(!existsSync(workspace.directory));
    assert.deepEqual(
      removed.gone.map(({ path, kind: what, reason, files, bytes }) => [path, what, reason, files, bytes]),
      [
        ['data/node_modules', 'directory', 'dependencies', 1, 1],
        ['dist', 'directory', 'build', 1, 5],
        ['node_modules', 'directory', 'dependencies', 1, 3],
        ['src/a.pyc', 'file', 'build', 1, 8],
      ],
    );
    assert.equal(removed.aside?.files, 6);
    // Only its owner sees it, and git knows nothing of it.
    assert.equal(statSync(removed.aside.directory).mode & 0o777, 0o700);
    assert.doesNotMatch(allBlobs(hub), /rows|mine/);
    const again = await workspaceOf(t, hub, slug, kind);
    dropBroughtBack(await bringBackWork(again, await hub.open()));
    const read = (path: string) => readFileSync(join(again.directory, path), 'utf8');
    assert.deepEqual(
      ['notes.local', 'src/deep/run.log', 'data/app.db', 'data/é ü', 'tmp/findings.md'].map(read),
      ['mine\n', 'ran\n', 'rows', 'named', 'found'],
    );
    assert.equal(readlinkSync(join(again.directory, 'data/link')), 'nowhere');
    assert.ok(!existsSync(join(again.directory, 'node_modules')));
    assert.deepEqual(asideOf(await hub.open(), slug), []);
  });
}

/** The content of all that the hub's git keeps, reachable or not. */
function allBlobs(hub: ScratchRepository): string {
  return hub.git(['cat-file', '--batch', '--batch-all-objects']);
}

test('a file whose place is taken stays aside', async (t) => {
  const hub = await hubOf(t);
  const first = await workspaceOf(t, hub, slug, 'clone');
  put(first, { 'notes.local': 'first\n', 'data/x': 'x' });
  await removeGitWorkspace(first, await hub.open(), { ignored: 'keep' });
  const second = await workspaceOf(t, hub, slug, 'clone');
  put(second, { 'notes.local': 'second\n' });
  symlinkSync(temporaryDirectory(t), join(second.directory, 'data'));
  await bringBackWork(second, await hub.open());
  assert.equal(readFileSync(join(second.directory, 'notes.local'), 'utf8'), 'second\n');
  const [aside] = asideOf(await hub.open(), slug);
  assert.equal(readFileSync(join(aside!.directory, 'notes.local'), 'utf8'), 'first\n');
  assert.equal(aside!.files, 2, 'and nothing is written through a symlink');
  // What is set aside next lies beside it.
  await removeGitWorkspace(second, await hub.open(), { ignored: 'keep' });
  assert.equal(asideOf(await hub.open(), slug).length, 2);
});

test('more than is kept is refused with the largest named, and nothing has happened; or it is dropped', async (t) => {
  const hub = await hubOf(t);
  const workspace = await workspaceOf(t, hub, slug, 'clone');
  put(workspace, { 'data/dump.sql': '', 'notes.local': 'mine\n' });
  truncateSync(join(workspace.directory, 'data/dump.sql'), asideBytesMax);
  await assert.rejects(removeGitWorkspace(workspace, await hub.open(), { ignored: 'keep' }), {
    code: 'workspace/cannot-keep',
    message: /"data" \(1073741824 bytes\), "notes.local"/,
  });
  assert.ok(existsSync(join(workspace.directory, 'notes.local')));
  assert.deepEqual(asideOf(await hub.open(), slug), []);
  const { aside, gone } = await removeGitWorkspace(workspace, await hub.open(), { ignored: 'drop' });
  assert.equal(aside, undefined);
  assert.deepEqual(
    gone.map(({ path, reason }) => [path, reason]),
    [
      ['data', 'dropped'],
      ['notes.local', 'dropped'],
    ],
  );
});

test('a submodule with changes of its own keeps its workspace', async (t) => {
  const part = ScratchRepository.create(t);
  part.commit(new Map([['x', file('x\n')]]));
  const hub = ScratchRepository.create(t, { bare: false });
  hub.commit(new Map([['a.txt', file('a\n')]]));
  hub.git(['reset', '-q', '--hard']);
  hub.git(['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', part.directory, 'part']);
  hub.git(['commit', '-qm', 'part']);
  const workspace = await workspaceOf(t, hub, slug, 'clone');
  await keepWork(workspace, await hub.open(), 'all');
  put(workspace, { 'part/new': 'new\n' });
  await assert.rejects(removeGitWorkspace(workspace, await hub.open(), { ignored: 'keep' }), {
    code: 'workspace/cannot-keep',
    message: /"part"/,
  });
});
