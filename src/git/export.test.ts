import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { hasCode } from '../base/error.ts';
import type { Hash } from '../base/hash.ts';
import { addFile } from '../blob/file.ts';
import { buildTree } from '../tree/build.ts';
import { editTree } from '../tree/edit.ts';
import type { Entry } from '../tree/entry.ts';
import { NodeTransaction } from '../tree/node-store.ts';
import { pathFromText, type TreePath } from '../tree/path.ts';
import { type ExportOptions, exportTree } from './export.ts';
import type { ObjectId } from './object-id.ts';
import { readRef, updateRef } from './refs.ts';
import { ada, file, memoryProject, type ScratchFiles, ScratchRepository } from './scratch-repository.ts';

type Project = ReturnType<typeof memoryProject>;

/** Stores a tree of the given entries; a file is given by its mode and content. */
async function store(
  { blobs }: Project,
  entries: Readonly<Record<string, Entry | readonly [mode: number, content: string | Buffer]>>,
): Promise<Hash> {
  const batch = await blobs.openBatch();
  const list: [TreePath, Entry][] = [];
  for (const [path, value] of Object.entries(entries)) {
    const entry: Entry =
      'type' in value
        ? value
        : { type: 'file', mode: value[0], ...(await addFile(batch, Buffer.from(value[1]))) };
    list.push([pathFromText(path), entry]);
  }
  const sink = { add: (bytes: Buffer) => batch.add(bytes, 'node') };
  const tree = buildTree(sink, list);
  await batch.flush();
  return tree;
}

const directory: Entry = { type: 'directory', mode: 0o755 };

async function setUp(t: TestContext) {
  const scratch = ScratchRepository.create(t);
  const project = memoryProject();
  const repository = await scratch.open();
  const make = (options: Partial<ExportOptions> & { readonly tree: Hash }) =>
    exportTree({
      repository,
      ...project,
      parents: [],
      message: 'm',
      author: ada,
      committer: ada,
      ...options,
    });
  return { scratch, project, repository, make };
}

describe('exporting a tree', () => {
  test('maps modes, links and gitlinks, and leaves empty directories out', async (t) => {
    const { scratch, project, make } = await setUp(t);
    const { hash, size } = await addFile(await project.blobs.openBatch(), Buffer.from('target'));
    const gitlink = '0123456789'.repeat(4);
    const tree = await store(project, {
      plain: [0o644, 'p'],
      secret: [0o600, 's'],
      readonly: [0o444, 'r'],
      shared: [0o664, 'w'],
      run: [0o700, 'x'],
      other: [0o645, 'o'],
      target: [0o644, 'target'],
      link: { type: 'symlink', hash, size },
      sub: { type: 'gitlink', commit: gitlink },
      empty: directory,
      'a/deep': directory,
      a: directory,
      'b/f': [0o644, 'f'],
      b: { type: 'directory', mode: 0o700 },
    });
    const { commit, gitTree } = await make({ tree });
    const id = (content: string) => scratch.git(['hash-object', '--stdin'], content);
    // `git ls-tree` says 644 of what is 664 in the tree, so the ids are compared.
    const lines = [
      `040000 tree ${scratch.literalTree(['100644', 'f', id('f')])}\tb`,
      `120000 blob ${id('target')}\tlink`,
      `100755 blob ${id('o')}\tother`,
      `100644 blob ${id('p')}\tplain`,
      `100644 blob ${id('r')}\treadonly`,
      `100755 blob ${id('x')}\trun`,
      `100644 blob ${id('s')}\tsecret`,
      `100664 blob ${id('w')}\tshared`,
      `160000 commit ${gitlink}\tsub`,
      `100644 blob ${id('target')}\ttarget`,
    ];
    assert.equal(gitTree, scratch.git(['mktree', '--missing'], `${lines.join('\n')}\n`));
    assert.equal(scratch.treeOf(commit), gitTree);
    scratch.git(['fsck', '--full', '--strict', commit]);
  });

  test('the commit has its parents, its message with trailers and its people', async (t) => {
    const { scratch, project, make } = await setUp(t);
    const parents = scratch.commits([new Map(), new Map([['a', file('a')]])]);
    const bob = { name: 'Bob Bö', email: '', ms: 1_600_000_000_999, offsetMinutes: -60 };
    const { commit } = await make({
      tree: await store(project, {}),
      parents,
      message: 'Subject\n\nBody ü\n',
      committer: bob,
      trailers: [['Session', 's-1']],
    });
    const show = ['show', '-s', '--format=%P|%an|%ae|%ad|%cn|%ce|%cd|%B', '--date=raw', commit];
    const shown = Buffer.from(scratch.git(show), 'latin1').toString('utf8');
    const expected = `${parents.join(' ')}|Ada|ada@example.com|1700000000 +0130|Bob Bö||1600000000 -0100|Subject\n\nBody ü\n\nSession: s-1`;
    assert.equal(shown, expected);
    assert.equal(scratch.treeOf(commit), scratch.literalTree());
  });

  test('a parent that is no commit of the repository is refused', async (t) => {
    const { scratch, project, make } = await setUp(t);
    const tree = await store(project, {});
    for (const parent of ['e'.repeat(40) as ObjectId, scratch.blob('x')]) {
      const refused = (error: unknown) => hasCode(error, 'git/revision-unknown');
      await assert.rejects(make({ tree, parents: [parent] }), refused);
    }
  });

  test('names that git or Micelio keep for themselves are refused', async (t) => {
    const { project, make } = await setUp(t);
    for (const path of ['.git', 'a/.GIT', 'git~1', '.micelio-session']) {
      const tree = await store(project, { [path]: [0o644, 'x'] });
      await assert.rejects(make({ tree }), (error) => hasCode(error, 'git/path-refused'));
    }
    const tree = await store(project, { 'sub/.git': directory, 'sub/.git/config': [0o644, 'x'] });
    await assert.rejects(make({ tree }), (error) => hasCode(error, 'git/path-refused'));
  });

  test('large files stream through, also many of them and small ones around', async (t) => {
    const { scratch, project, make } = await setUp(t);
    const large = Buffer.alloc(3_000_001, 'large');
    const small = Object.fromEntries(
      Array.from({ length: 150 }, (_, i) => [`f${i}`, [0o644, `${i}`] as const]),
    );
    const tree = await store(project, { ...small, large: [0o644, large], same: [0o755, large] });
    const { commit, objects } = await make({ tree });
    assert.equal(objects, 150 + 1 + 2);
    const id = scratch.git(['rev-parse', `${commit}:large`]);
    assert.equal(id, scratch.git(['hash-object', '--stdin'], large));
    scratch.git(['fsck', '--full', '--strict', commit]);
  });
});

describe('contents', () => {
  test('a file that has the bytes of another file’s manifest is not that file', async (t) => {
    const { scratch, project, make } = await setUp(t);
    const batch = await project.blobs.openBatch();
    const { hash } = await addFile(batch, Buffer.alloc(2_000_000, 'large'));
    await batch.flush();
    const manifest = Buffer.from(await project.blobs.get(hash));
    const tree = await store(project, {
      large: [0o644, Buffer.alloc(2_000_000, 'large')],
      manifest: [0o644, manifest],
    });
    const { commit } = await make({ tree });
    const id = scratch.git(['rev-parse', `${commit}:manifest`]);
    assert.equal(id, scratch.git(['hash-object', '--stdin'], manifest));
  });
});

describe('incremental export', () => {
  async function exported(t: TestContext) {
    const context = await setUp(t);
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`many/f${i}`, [0o644, `${i}`] as const]),
    );
    const tree = await store(context.project, { ...many, many: directory, a: [0o644, 'a'], b: [0o644, 'b'] });
    const { commit } = await context.make({ tree });
    return { ...context, tree, commit, previous: { commit, tree } };
  }

  test('sends only what changed', async (t) => {
    const { project, make, tree, commit, previous } = await exported(t);
    const same = await make({ tree, parents: [commit], previous });
    assert.equal(same.objects, 1);
    const batch = await project.blobs.openBatch();
    const nodes = new NodeTransaction(project.nodes, batch);
    const content = await addFile(batch, Buffer.from('changed'));
    const edits = [
      { path: 'many/f3' as TreePath, entry: { type: 'file', mode: 0o644, ...content } as const },
    ];
    const changed = await editTree(nodes, tree, edits);
    await batch.flush();
    const step = await make({ tree: changed, parents: [commit], previous });
    assert.equal(step.objects, 4);
    assert.equal(step.gitTree, (await make({ tree: changed })).gitTree);
  });

  test('sends no content again that only moved or changed its mode', async (t) => {
    const { project, make, previous } = await exported(t);
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`moved/f${i}`, [0o755, `${i}`] as const]),
    );
    const tree = await store(project, { ...many, moved: directory, a: [0o644, 'a'], b: [0o755, 'b'] });
    const step = await make({ tree, previous });
    assert.equal(step.objects, 3);
    assert.equal(step.gitTree, (await make({ tree })).gitTree);
  });

  test('a previous tree that is not that of the commit is told', async (t) => {
    const { scratch, project, make, tree } = await exported(t);
    const commit = scratch.commit(new Map([['a', file('a')]]) satisfies ScratchFiles);
    const other = await store(project, { a: [0o644, 'changed'] });
    await assert.rejects(make({ tree: other, previous: { commit, tree } }), (error) =>
      hasCode(error, 'git/previous-mismatch'),
    );
  });

  test('a previous commit that is gone means a full export', async (t) => {
    const { make, tree, commit } = await exported(t);
    const previous = { commit: 'd'.repeat(40) as ObjectId, tree };
    assert.equal(
      (await make({ tree, previous })).gitTree,
      (await make({ tree, previous: { commit, tree } })).gitTree,
    );
  });
});

describe('moving a ref', () => {
  test('happens only from where it was expected', async (t) => {
    const { scratch, project, repository, make } = await setUp(t);
    const tree = await store(project, { a: [0o644, 'a'] });
    const name = 'refs/heads/landed';
    const { commit } = await make({ tree, ref: { name, expected: 'absent' } });
    assert.equal(await readRef(repository, name), commit);
    const moved = (error: unknown) => hasCode(error, 'git/ref-moved');
    const update = { tree, parents: [commit] };
    await assert.rejects(make({ ...update, ref: { name, expected: 'absent' } }), moved);
    const other = scratch.commit(new Map());
    await assert.rejects(make({ ...update, ref: { name, expected: other } }), moved);
    assert.equal(await readRef(repository, name), commit);
    const next = await make({ ...update, ref: { name, expected: commit } });
    assert.equal(await readRef(repository, name), next.commit);
  });

  test('a name that no ref can have, and an object that is not there', async (t) => {
    const { scratch, repository } = await setUp(t);
    const id = scratch.commit(new Map());
    const update = { expected: 'absent', id, reason: 'test' } as const;
    for (const ref of ['refs/heads/a..b', 'refs/', 'refs/heads/x y', 'refs/heads/-\n'] as const) {
      await assert.rejects(updateRef(repository, { ...update, ref }), (error) =>
        hasCode(error, 'git/ref-invalid'),
      );
    }
    const missing = { ...update, ref: 'refs/heads/x', id: 'e'.repeat(40) as ObjectId } as const;
    await assert.rejects(updateRef(repository, missing), (error) => hasCode(error, 'git/failed'));
  });
});
