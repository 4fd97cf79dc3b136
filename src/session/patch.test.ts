import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { Hash } from '../base/hash.ts';
import { readWholeFile } from '../blob/file.ts';
import type { Entry } from '../tree/entry.ts';
import { listAll } from '../tree/lookup.ts';
import { pathBytes } from '../tree/path.ts';
import { type Content, memoryProject, treeWith } from './fixtures.ts';
import { sessionPatch } from './patch.ts';
import type { ProjectContext } from './project.ts';

type Files = Readonly<Record<string, Content>>;

/** Whatever the user has configured, git and patch behave the same. */
const environment = {
  ...process.env,
  ...{ HOME: tmpdir(), LC_ALL: 'C', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
};
const noPatch = spawnSync('patch', ['--version']).error !== undefined && 'there is no patch(1) here';

/** An empty git repository that goes with the test. */
function repository(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-patch-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const git = (args: readonly string[], input?: Uint8Array): string =>
    execFileSync('git', args, { cwd: directory, env: environment, input, encoding: 'latin1' });
  git(['init', '-q']);
  return { directory, git };
}

/** Puts a tree into the index of a repository. */
async function stage(project: ProjectContext, tree: Hash, git: ReturnType<typeof repository>['git']) {
  const lines: Buffer[] = [];
  for await (const { path, entry } of listAll(project.nodes, tree)) {
    if (entry.type === 'directory') continue;
    const id = entry.type === 'gitlink' ? entry.commit : await objectId(project, entry, git);
    lines.push(Buffer.from(`${modeOf(entry)} ${id} 0\t`), pathBytes(path), Buffer.from([0]));
  }
  git(['read-tree', '--empty']);
  git(['update-index', '-z', '--index-info'], Buffer.concat(lines));
  return git(['write-tree']).trim();
}

async function objectId(
  project: ProjectContext,
  entry: Extract<Entry, { hash: Hash }>,
  git: ReturnType<typeof repository>['git'],
): Promise<string> {
  return git(['hash-object', '-w', '--stdin'], await readWholeFile(project.blobs, entry)).trim();
}

function modeOf(entry: Entry): string {
  if (entry.type === 'symlink') return '120000';
  if (entry.type === 'gitlink') return '160000';
  return entry.type === 'file' && (entry.mode & 0o111) !== 0 ? '100755' : '100644';
}

/** Makes the patch from `before` to `after` and lets git apply it; the result must be what git makes of `after`. */
async function appliesInGit(context: TestContext, before: Files, after: Files): Promise<string> {
  const project = await memoryProject();
  const start = (await project.ledger.readHead()).head.tree;
  const [old, young] = [await treeWith(project, start, before), await treeWith(project, start, after)];
  const { git } = repository(context);
  const wanted = await stage(project, young, git);
  await stage(project, old, git);
  const patch = await sessionPatch(project, old, young);
  git(['apply', '--cached', '--whitespace=nowarn', '-'], patch);
  assert.equal(git(['write-tree']).trim(), wanted, patch.toString('latin1'));
  return patch.toString('latin1');
}

const numbered = (count: number): string => Array.from({ length: count }, (_, i) => `line ${i}\n`).join('');
const script = async (project: ProjectContext, text: string): Promise<Entry> => {
  const batch = await project.blobs.openBatch();
  const hash = batch.add(Buffer.from(text));
  await batch.flush();
  return { type: 'file', mode: 0o755, size: text.length, hash };
};

describe('a patch', () => {
  test('of changed, added and deleted files is what git applies', async (context) => {
    const patch = await appliesInGit(
      context,
      { 'a.txt': numbered(50), 'gone.txt': 'bye\n', 'dir/deep/b.txt': 'b\n', 'same.txt': 'same\n' },
      {
        'a.txt': numbered(50).replace('line 7\n', 'LINE 7\n').replace('line 40\n', ''),
        'dir/deep/b.txt': 'b\nc\n',
        'new/file.txt': 'hello\n',
        'same.txt': 'same\n',
      },
    );
    assert.ok(!patch.includes('same.txt'));
    assert.ok(
      patch.includes(
        'diff --git a/gone.txt b/gone.txt\ndeleted file mode 100644\n--- a/gone.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-bye\n',
      ),
    );
  });

  test('of files without a last newline, with odd line ends, and empty ones', async (context) => {
    await appliesInGit(
      context,
      { a: 'x\ny', b: 'x\ny\n', c: 'dos\r\nlines\r\n', d: 'full\n', e: '', 'g/gone': '', f: 'same\nend' },
      { a: 'x\ny\n', b: 'x\ny', c: 'dos\r\nline\r\n', d: '', e: 'full', 'n/new': '', f: 'Same\nend' },
    );
  });

  test('of odd names', async (context) => {
    const names = [
      'with space',
      'tab\there',
      'line\nbreak',
      'quote"s',
      'back\\slash',
      'caf\xc3\xa9',
      'not utf8 \xff',
      '-dash',
      "it's",
      ' lead',
      'a b/ c',
    ];
    await appliesInGit(
      context,
      Object.fromEntries(names.map((name) => [name, 'old\n'])),
      Object.fromEntries(names.map((name) => [`${name}`, 'new\n'])),
    );
    await appliesInGit(context, {}, Object.fromEntries(names.map((name) => [name, 'new\n'])));
    await appliesInGit(context, Object.fromEntries(names.map((name) => [name, 'old\n'])), { keep: 'k\n' });
  });

  test('of modes, links and types', async (context) => {
    const project = await memoryProject();
    const batch = await project.blobs.openBatch();
    await batch.flush();
    const commit = (digit: string): Entry => ({ type: 'gitlink', commit: digit.repeat(40) });
    const link = async (target: string): Promise<Entry> => ({
      ...((await script(project, target)) as Extract<Entry, { hash: Hash }>),
      type: 'symlink',
    });
    const start = (await project.ledger.readHead()).head.tree;
    const old = await treeWith(project, start, {
      'run.sh': 'echo\n',
      'both.sh': 'echo\n',
      link: await link('here'),
      typed: 'text\n',
      sub: commit('1'),
      'tree/file': 'f\n',
      plain: 'p\n',
    });
    const young = await treeWith(project, start, {
      'run.sh': await script(project, 'echo\n'),
      'both.sh': await script(project, 'echo 2\n'),
      link: await link('there'),
      typed: await link('text'),
      sub: commit('2'),
      tree: 'now a file\n',
      'plain/file': 'now a directory\n',
    });
    const { git } = repository(context);
    const wanted = await stage(project, young, git);
    await stage(project, old, git);
    const patch = await sessionPatch(project, old, young);
    git(['apply', '--cached', '-'], patch);
    assert.equal(git(['write-tree']).trim(), wanted, patch.toString());
    assert.ok(
      patch.toString().includes('diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\ndiff'),
    );
  });

  test('of a directory alone, or of nothing, is empty', async () => {
    const project = await memoryProject();
    const start = (await project.ledger.readHead()).head.tree;
    const tree = await treeWith(project, start, { d: { type: 'directory', mode: 0o755 } });
    assert.equal((await sessionPatch(project, start, tree)).length, 0);
    assert.equal((await sessionPatch(project, tree, tree)).length, 0);
  });

  test('only says that binary files differ', async () => {
    const project = await memoryProject();
    const start = (await project.ledger.readHead()).head.tree;
    const one = await treeWith(project, start, { 'a b.bin': Buffer.from([1, 0, 2]) });
    const two = await treeWith(project, start, { 'a b.bin': Buffer.from([1, 0, 3]) });
    assert.equal(
      `${await sessionPatch(project, one, two)}`,
      'diff --git a/a b.bin b/a b.bin\nBinary files a/a b.bin and b/a b.bin differ\n',
    );
    assert.match(
      `${await sessionPatch(project, start, two)}`,
      /new file mode 100644\nBinary files \/dev\/null and b/,
    );
  });
});

test('a patch is what patch(1) applies', { skip: noPatch }, async (context) => {
  const project = await memoryProject();
  const { directory } = repository(context);
  const start = (await project.ledger.readHead()).head.tree;
  const [before, after] = [numbered(30), numbered(30).replace('line 3\n', '').replace('line 20\n', 'x\ny\n')];
  const [old, young] = [
    await treeWith(project, start, { 'my file': before }),
    await treeWith(project, start, { 'my file': after }),
  ];
  writeFileSync(join(directory, 'my file'), before);
  chmodSync(join(directory, 'my file'), 0o644);
  const patch = await sessionPatch(project, old, young);
  execFileSync('patch', ['-p1', '-s'], { cwd: directory, env: environment, input: patch });
  assert.equal(execFileSync('cat', ['my file'], { cwd: directory, encoding: 'utf8' }), after);
});
