import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import {
  file,
  ScratchRepository,
  scratchEnvironment,
  temporaryDirectory,
} from '../../git/scratch-repository.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import { bringBackWork } from './bring-back-work.ts';
import { deepenWorkspace } from './clone-history.ts';
import {
  type CreatedGitWorkspace,
  createGitWorkspace,
  type GitWorkspaceRequest,
} from './create-git-workspace.ts';
import { keepWork, keptRefs } from './keep-work.ts';
import { removeGitWorkspace } from './remove-git-workspace.ts';
import { syncWorkspace } from './sync-workspace.ts';
import { findGitWorkspace } from './workspace-record.ts';

const slug = parseSlug('2026-11-21-faster-start');
const rules = { sessions: '_AGENTS/sessions', knowledge: '_AGENTS/knowledge' };
const kinds = ['clone', 'worktree'] as const;

async function hubOf(t: TestContext, bare = true): Promise<ScratchRepository> {
  const hub = ScratchRepository.create(t, { bare });
  hub.commits([
    new Map([['a.txt', file('one\n')]]),
    new Map([
      ['a.txt', file('one\ntwo\n')],
      ['.gitignore', file('*.log\n')],
      ['src/b.txt', file('b\n')],
    ]),
  ]);
  return hub;
}

async function workspaceOf(
  t: TestContext,
  hub: ScratchRepository,
  options: Partial<GitWorkspaceRequest> = {},
): Promise<CreatedGitWorkspace> {
  return createGitWorkspace({
    kind: 'clone',
    hub: await hub.open(),
    directory: join(temporaryDirectory(t), 'sessions', slug),
    slug,
    branch: `session/${slug}`,
    main: 'main',
    agent: { name: "Grace O'Neil", email: 'grace@example.org' },
    rules,
    submodules: 'initialise',
    ...options,
  });
}

/** As a person at a shell: without the variables that the tests set. */
function git(directory: string, ...args: string[]): string {
  const {
    GIT_AUTHOR_NAME: _a,
    GIT_AUTHOR_EMAIL: _b,
    GIT_COMMITTER_NAME: _c,
    GIT_COMMITTER_EMAIL: _d,
    ...rest
  } = scratchEnvironment;
  return execFileSync('git', args, {
    cwd: directory,
    env: rest,
    stdio: ['pipe', 'pipe', 'pipe'],
    encoding: 'utf8',
  }).trim();
}

const refused = (work: () => unknown, words: RegExp) =>
  assert.throws(work, (error: { stderr: string }) => words.test(error.stderr));

for (const kind of kinds) {
  describe(`a ${kind}`, () => {
    test('has the files of main, a branch of its own and the identity of its agent', async (t) => {
      const hub = await hubOf(t);
      const { directory, record } = await workspaceOf(t, hub, { kind });
      assert.equal(readFileSync(join(directory, 'a.txt'), 'utf8'), 'one\ntwo\n');
      assert.equal(git(directory, 'status', '--porcelain'), '');
      assert.equal(git(directory, 'branch', '--show-current'), `session/${slug}`);
      assert.equal(record.base, hub.git(['rev-parse', 'main']));
      writeFileSync(join(directory, 'c.txt'), 'c\n');
      git(directory, 'add', 'c.txt');
      git(directory, 'commit', '-qm', `[${slug}] feat: c`);
      assert.equal(git(directory, 'log', '-1', '--format=%an <%ae>'), "Grace O'Neil <grace@example.org>");
      assert.equal(
        (await findGitWorkspace((await hub.open()).git, join(directory, 'src')))?.record.slug,
        slug,
      );
      assert.equal(await findGitWorkspace((await hub.open()).git, dirname(hub.directory)), undefined);
    });

    test('tells a shell who works on what', async (t) => {
      const { directory } = await workspaceOf(t, await hubOf(t), { kind });
      const script =
        '. ./.session-env; printf "%s|" "$GIT_AUTHOR_NAME" "$GIT_COMMITTER_EMAIL" "$SESSION_SLUG" "$SESSION_BRANCH" "$SESSION_DIR"';
      assert.equal(
        execFileSync('sh', ['-c', script], { cwd: directory, encoding: 'utf8' }),
        ["Grace O'Neil", 'grace@example.org', slug, `session/${slug}`, directory, ''].join('|'),
      );
    });

    test('checks messages, plans and knowledge, and lets the hooks of its user run', async (t) => {
      const hub = await hubOf(t);
      const common = kind === 'worktree' ? join(hub.directory, 'hooks') : undefined;
      const { directory } = await workspaceOf(t, hub, { kind });
      const theirs = common ?? join(directory, '.git/hooks');
      mkdirSync(theirs, { recursive: true });
      writeFileSync(
        join(theirs, 'commit-msg'),
        '#!/bin/sh\necho ran >> "$(git rev-parse --git-dir)/theirs"\n',
      );
      chmodSync(join(theirs, 'commit-msg'), 0o755);
      const commit = (message: string) => git(directory, 'commit', '-qm', message);
      const write = (path: string) => {
        mkdirSync(dirname(join(directory, path)), { recursive: true });
        writeFileSync(join(directory, path), `${Math.random()}\n`);
        git(directory, 'add', path);
      };
      write('c.txt');
      refused(() => commit('feat: c'), /begins with "\[2026-11-21-faster-start\] type: "/);
      refused(() => commit(`[${slug}x] feat: c`), /begins with/);
      refused(() => commit(`[${slug}] c`), /begins with/);
      commit(`[${slug}] feat: c`);
      assert.equal(
        readFileSync(join(git(directory, 'rev-parse', '--absolute-git-dir'), 'theirs'), 'utf8'),
        'ran\n',
      );
      write('_AGENTS/knowledge/patterns.md');
      refused(() => commit(`[${slug}] docs: k`), /Only sessions whose name begins with "kb-"/);
      git(directory, 'reset', '-q');
      write(`_AGENTS/knowledge/sessions/${slug}/learnings.md`);
      commit(`[${slug}] docs: learned`);
      write(`_AGENTS/sessions/active/${slug}/SESSION.md`);
      refused(() => commit(`[${slug}] docs: plan`), /The plan/);
      commit(`[${slug}] OVERRIDE: mend the plan`);
      write(`_AGENTS/sessions/active/${slug}/worklog.md`);
      commit(`[${slug}] docs: log`);
    });

    test('that is removed keeps what was committed, changed and untracked, and gets it back', async (t) => {
      const hub = await hubOf(t);
      const workspace = await workspaceOf(t, hub, { kind });
      const { directory } = workspace;
      writeFileSync(join(directory, 'c.txt'), 'committed\n');
      git(directory, 'add', 'c.txt');
      git(directory, 'commit', '-qm', `[${slug}] feat: c`);
      const head = git(directory, 'rev-parse', 'HEAD');
      writeFileSync(join(directory, 'a.txt'), 'changed\n');
      writeFileSync(join(directory, 'untracked é.txt'), 'untracked\n');
      writeFileSync(join(directory, 'staged.txt'), 'staged\n');
      git(directory, 'add', 'staged.txt');
      rmSync(join(directory, 'src/b.txt'));
      symlinkSync('nowhere', join(directory, 'link'));
      writeFileSync(join(directory, 'ignored.log'), '');
      const before = git(directory, 'status', '--porcelain');
      await keepWork(workspace, await hub.open(), 'all');
      assert.equal(git(directory, 'status', '--porcelain'), before, 'keeping changes nothing');
      const kept = await removeGitWorkspace(workspace, await hub.open(), { ignored: 'keep' });
      assert.equal(kept.head, head);
      assert.ok(!existsSync(directory));
      assert.equal(hub.git(['rev-parse', keptRefs(slug).commits]), head);
      const again = await workspaceOf(t, hub, { kind, directory });
      await bringBackWork(again, await hub.open());
      assert.equal(git(directory, 'rev-parse', 'HEAD'), head);
      const status = git(directory, 'status', '--porcelain', '-uall')
        .split('\n')
        .map((line) => line.trim())
        .sort();
      assert.deepEqual(status, [
        '?? "untracked \\303\\251.txt"',
        '?? link',
        '?? staged.txt',
        'D src/b.txt',
        'M a.txt',
      ]);
      hub.git(['fsck', '--strict']);
    });

    test('takes in what happened on main', async (t) => {
      const hub = await hubOf(t);
      const workspace = await workspaceOf(t, hub, { kind });
      const { directory } = workspace;
      assert.deepEqual(await syncWorkspace(workspace, 'merge'), { outcome: 'up to date' });
      writeFileSync(join(directory, 'c.txt'), 'c\n');
      git(directory, 'add', 'c.txt');
      git(directory, 'commit', '-qm', `[${slug}] feat: c`);
      const files = new Map([
        ['a.txt', file('one\ntwo\n')],
        ['.gitignore', file('*.log\n')],
        ['src/b.txt', file('b\nmore\n')],
      ]);
      hub.commit(files);
      assert.equal((await syncWorkspace(workspace, 'merge')).outcome, 'synced');
      assert.equal(readFileSync(join(directory, 'src/b.txt'), 'utf8'), 'b\nmore\n');
      hub.commit(new Map([...files, ['src/b.txt', file('b\neven more\n')]]));
      assert.equal((await syncWorkspace(workspace, 'rebase')).outcome, 'synced');
      assert.equal(readFileSync(join(directory, 'c.txt'), 'utf8'), 'c\n');
      // Both sides change one line.
      const others = ['_AGENTS/sessions/completed/2026-11-20-x/SESSION.md', '_AGENTS/knowledge/x.md'];
      hub.commit(
        new Map([
          ...files,
          ['a.txt', file('one\n2\n')],
          ...others.map((path) => [path, file('x\n')] as const),
        ]),
      );
      writeFileSync(join(directory, 'a.txt'), 'one\nzwei\n');
      await assert.rejects(syncWorkspace(workspace, 'merge'), { code: 'workspace/changed' });
      assert.equal(readFileSync(join(directory, 'a.txt'), 'utf8'), 'one\nzwei\n');
      git(directory, 'commit', '-qam', `[${slug}] feat: zwei`);
      assert.deepEqual(await syncWorkspace(workspace, 'merge'), { outcome: 'conflict', paths: ['a.txt'] });
      assert.match(readFileSync(join(directory, 'a.txt'), 'utf8'), /<<<<<<< HEAD\nzwei/);
      // What others did to plans and knowledge comes along, and is not taken for the session's.
      writeFileSync(join(directory, 'a.txt'), 'one\nzwei, 2\n');
      git(directory, 'add', 'a.txt');
      git(directory, 'commit', '-qm', `[${slug}] merge: main`);
      assert.equal(git(directory, 'status', '--porcelain'), '');
    });

    test('is made in an empty place, whole or not at all', async (t) => {
      const hub = await hubOf(t);
      const directory = temporaryDirectory(t);
      writeFileSync(join(directory, 'mine'), '');
      await assert.rejects(workspaceOf(t, hub, { kind, directory }), { code: 'workspace/not-empty' });
      const other = join(temporaryDirectory(t), 'x');
      await assert.rejects(workspaceOf(t, hub, { kind, directory: other, main: 'nothing' }), {
        code: kind === 'clone' ? 'git/failed' : 'git/revision-unknown',
      });
      assert.ok(!existsSync(other));
    });
  });
}

describe('a clone', () => {
  test('is shallow, shares nothing with the hub, deepens, and may be moved', async (t) => {
    const hub = await hubOf(t);
    const workspace = await workspaceOf(t, hub);
    const { directory } = workspace;
    assert.equal(git(directory, 'rev-list', '--count', 'HEAD'), '1');
    assert.ok(!existsSync(join(directory, '.git/objects/info/alternates')));
    assert.equal(git(directory, 'config', 'push.default'), 'current');
    assert.equal(git(directory, 'remote'), 'upstream');
    await deepenWorkspace(workspace, 'all');
    assert.equal(git(directory, 'rev-list', '--count', 'HEAD'), '2');
    assert.equal(git(directory, 'blame', '-s', 'a.txt').split('\n').length, 2);
    const moved = `${directory}-moved`;
    execFileSync('mv', [directory, moved]);
    refused(() => git(moved, 'commit', '-q', '--allow-empty', '-m', 'no'), /begins with/);
    git(moved, 'commit', '-q', '--allow-empty', '-m', `[${slug}] chore: push`);
    git(moved, 'push', '-q', 'upstream', `session/${slug}`);
    assert.equal(hub.git(['rev-parse', `session/${slug}`]), git(moved, 'rev-parse', 'HEAD'));
  });

  test('has the submodules of the project, from the hub and without a network', async (t) => {
    const inner = ScratchRepository.create(t);
    inner.commit(new Map([['inner.txt', file('inner\n')]]));
    const hub = await hubOf(t, false);
    hub.git(['reset', '-q', '--hard']);
    const add = [
      '-c',
      'protocol.file.allow=always',
      'submodule',
      '--quiet',
      'add',
      inner.directory,
      'lib/inner',
    ];
    hub.git(add);
    hub.git(['commit', '-qm', 'inner']);
    rmSync(inner.directory, { recursive: true });
    const { directory, materialised } = await workspaceOf(t, hub);
    assert.deepEqual(materialised.submodules, ['lib/inner']);
    assert.equal(readFileSync(join(directory, 'lib/inner/inner.txt'), 'utf8'), 'inner\n');
    rmSync(join(hub.directory, '.git/modules'), { recursive: true });
    await assert.rejects(workspaceOf(t, hub), { code: 'workspace/submodule' });
    const empty = await workspaceOf(t, hub, { submodules: 'leave empty' });
    assert.deepEqual(empty.materialised.emptySubmodules, ['lib/inner']);
  });
});

test('twenty workspaces are made at the same moment', async (t) => {
  const hub = await hubOf(t);
  const at = temporaryDirectory(t);
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      workspaceOf(t, hub, {
        kind: kinds[i % 2]!,
        slug: parseSlug(`${slug}-${i}`),
        branch: `session/${slug}-${i}`,
        directory: join(at, `${i}`),
      }),
    ),
  );
  for (const { directory } of made) assert.equal(git(directory, 'status', '--porcelain'), '');
});
