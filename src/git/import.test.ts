import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { hasCode } from '../base/error.ts';
import type { Hash } from '../base/hash.ts';
import { BlobStore } from '../blob/blob-store.ts';
import { readWholeFile } from '../blob/file.ts';
import { FaultyStore, SimulatedCrash } from '../storage/faulty-store.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import type { Entry } from '../tree/entry.ts';
import { listAll } from '../tree/lookup.ts';
import { NodeStore } from '../tree/node-store.ts';
import { Git } from './git-process.ts';
import { type ImportResult, importRevision } from './import.ts';
import type { ObjectId } from './object-id.ts';
import { openRepository, type Repository } from './repository.ts';
import {
  file,
  memoryProject,
  type ScratchFiles,
  ScratchRepository,
  scratchEnvironment,
  scratchGit,
  temporaryDirectory,
} from './scratch-repository.ts';
import type { ImportProgress } from './tree-importer.ts';

const submodule = '0123456789abcdef0123456789abcdef01234567';

const oddFiles: ScratchFiles = new Map([
  ['README', file('hello\n')],
  ['readme', file('case\n')],
  ['bin/run', file('#!/bin/sh\n', '100755')],
  ['bin.d/x', file('sorts between')],
  ['line\nbreak', file('newline')],
  ['\xff\xfe/\x80', file('no UTF-8')],
  ['n'.repeat(255), file('255 bytes')],
  ['link', file('../outside', '120000')],
  ['absolute', file('/etc/passwd', '120000')],
  ['vendor/sub', file(submodule, '160000')],
  ['assets/big.png', file('version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12\n')],
  ['empty', file('')],
  ['same', file('hello\n')],
  ['large', file(Buffer.alloc(2_500_000, 'abcdefg'))],
  ['link-like', file('../outside')],
]);

async function listing(project: ReturnType<typeof memoryProject>, tree: Hash): Promise<Map<string, Entry>> {
  const entries = await Array.fromAsync(listAll(project.nodes, tree));
  return new Map(entries.map(({ path, entry }) => [path, entry]));
}

async function importFrom(repository: Repository, revision = 'main'): Promise<ImportResult> {
  return importRevision({ repository, revision, ...memoryProject() });
}

describe('importing a commit', () => {
  test('keeps modes, links, gitlinks, odd names and contents', async (t) => {
    const scratch = ScratchRepository.create(t);
    const commit = scratch.commit(oddFiles);
    const project = memoryProject();
    const reports: ImportProgress[] = [];
    const options = { repository: await scratch.open(), revision: 'main', ...project };
    const result = await importRevision({ ...options, onProgress: (report) => reports.push(report) });
    assert.equal(result.commit, commit);
    assert.equal(result.basis, 'full');
    assert.deepEqual(result.irregular, []);
    assert.equal(reports.at(-1)?.files, oddFiles.size);
    assert.equal(reports.at(-1)?.filesTotal, oddFiles.size);
    const entries = await listing(project, result.tree);
    assert.equal(entries.size, result.entries);
    assert.deepEqual(
      [...entries].filter(([, entry]) => entry.type === 'directory').map(([path, entry]) => [path, entry]),
      ['assets', 'bin', 'bin.d', 'vendor', '\xff\xfe'].map((path) => [
        path,
        { type: 'directory', mode: 0o755 },
      ]),
    );
    for (const [path, { mode, content }] of oddFiles) {
      const entry = entries.get(path);
      assert.ok(entry, path);
      if (entry.type === 'gitlink') assert.equal(entry.commit, content);
      else if (entry.type === 'directory') assert.fail(path);
      else assert.deepEqual(await readWholeFile(project.blobs, entry), Buffer.from(content));
      if (entry.type === 'file') assert.equal(entry.mode, Number.parseInt(mode, 8) & 0o777);
      else assert.equal(entry.type, mode === '120000' ? 'symlink' : 'gitlink');
    }
  });

  test('the empty tree, and the second import of the same, which adds nothing', async (t) => {
    const scratch = ScratchRepository.create(t);
    const [empty] = scratch.commits([new Map(), oddFiles]);
    const repository = await scratch.open();
    assert.equal((await importFrom(repository, empty!)).entries, 0);
    const project = memoryProject();
    const first = await importRevision({ repository, revision: 'main', ...project });
    const again = await importRevision({ repository, revision: 'main', ...project });
    assert.equal(again.tree, first.tree);
    assert.equal(again.newObjects, 0);
  });

  test('from a subdirectory, a linked worktree, a clone without history, and with SHA-256', async (t) => {
    const scratch = ScratchRepository.create(t, { bare: false });
    const files: ScratchFiles = new Map([
      ['a/b', file('b')],
      ['c', file('c')],
    ]);
    scratch.commits([new Map(), files]);
    const { tree } = await importFrom(await scratch.open());
    const around = temporaryDirectory(t);
    mkdirSync(join(scratch.directory, 'below'));
    scratch.git(['worktree', 'add', '--quiet', '--detach', join(around, 'linked'), 'main']);
    scratch.git(['clone', '--quiet', '--depth=1', `file://${scratch.directory}`, join(around, 'shallow')]);
    const places = [join(scratch.directory, 'below'), join(around, 'linked', 'a'), join(around, 'shallow')];
    for (const place of places) {
      assert.equal((await importFrom(await openRepository(scratchGit, place), 'HEAD')).tree, tree, place);
    }
    const other = ScratchRepository.create(t, { format: 'sha256' });
    other.commit(files);
    const imported = await importFrom(await other.open());
    assert.equal(imported.tree, tree);
    assert.equal(imported.commit.length, 64);
  });

  test('a partial clone fetches what it lacks in one go', async (t) => {
    const scratch = ScratchRepository.create(t);
    scratch.git(['config', 'uploadpack.allowFilter', 'true']);
    scratch.git(['config', 'uploadpack.allowAnySHA1InWant', 'true']);
    const files = new Map(Array.from({ length: 20 }, (_, i) => [`f${i}`, file(`content ${i}`)] as const));
    scratch.commit(files);
    const place = join(temporaryDirectory(t), 'partial');
    const clone = ['clone', '--quiet', '--bare', '--filter=blob:none', `file://${scratch.directory}`, place];
    scratch.git(clone);
    const trace = join(temporaryDirectory(t), 'trace');
    const git = new Git({ ...scratchEnvironment, GIT_TRACE: trace });
    const { tree } = await importFrom(await openRepository(git, place), 'HEAD');
    assert.equal(tree, (await importFrom(await scratch.open())).tree);
    const fetches = readFileSync(trace, 'latin1').match(/built-in: git fetch /g);
    assert.equal(fetches?.length, 1);
  });
});

describe('incremental import', () => {
  test('gives the tree of a full one, where files, links and directories take each other’s place', async (t) => {
    const scratch = ScratchRepository.create(t);
    const before: ScratchFiles = new Map([
      ['stays/here', file('1')],
      ['goes/deep/down', file('2')],
      ['file', file('3')],
      ['directory/a', file('4')],
      ['directory/b/c', file('5')],
      ['mode', file('6')],
      ['link', file('7')],
    ]);
    const after: ScratchFiles = new Map([
      ['stays/here', file('1')],
      ['file/inside/deep', file('3')],
      ['directory', file('new')],
      ['mode', file('6', '100755')],
      ['link', file('7', '120000')],
    ]);
    const [first, second] = scratch.commits([before, after]);
    const repository = await scratch.open();
    const project = memoryProject();
    for (const [from, to] of [
      [first, second],
      [second, first],
      [first, first],
    ] as const) {
      const base = await importRevision({ repository, revision: from!, ...project });
      const step = await importRevision({ repository, revision: to!, ...project, previous: base });
      assert.equal(step.basis, 'incremental');
      assert.equal(step.tree, (await importFrom(repository, to!)).tree);
    }
  });

  test('sees what git diff-tree does not: 664 becoming 644', async (t) => {
    const scratch = ScratchRepository.create(t);
    const blob = scratch.blob('x');
    const before = scratch.commitOf(scratch.literalTree(['100664', 'f', blob]));
    const after = scratch.commitOf(scratch.literalTree(['100644', 'f', blob]));
    const repository = await scratch.open();
    const project = memoryProject();
    const base = await importRevision({ repository, revision: before, ...project });
    assert.deepEqual(base.irregular, []);
    const step = await importRevision({ repository, revision: after, ...project, previous: base });
    assert.notEqual(step.tree, base.tree);
    assert.equal(step.tree, (await importFrom(repository, after)).tree);
  });

  test('is a full one where the previous commit is gone', async (t) => {
    const scratch = ScratchRepository.create(t);
    scratch.commit(oddFiles);
    const repository = await scratch.open();
    const project = memoryProject();
    const { tree } = await importRevision({ repository, revision: 'main', ...project });
    const previous = { commit: 'd'.repeat(40) as ObjectId, tree };
    const again = await importRevision({ repository, revision: 'main', ...project, previous });
    assert.equal(again.tree, tree);
    assert.equal(again.basis, 'full');
  });
});

describe('hostile and damaged repositories', () => {
  async function refusal(t: TestContext, make: (scratch: ScratchRepository) => ObjectId): Promise<unknown> {
    const scratch = ScratchRepository.create(t);
    const commit = scratch.commitOf(make(scratch));
    return importFrom(await scratch.open(), commit).then(
      () => assert.fail('was imported'),
      (error: unknown) => error,
    );
  }

  test('names that no workspace could hold are refused by their path', async (t) => {
    const names = ['..', '.', '.git', '.GiT', 'git~1', 'a/b', '', 'n'.repeat(256)];
    for (const name of names) {
      const error = await refusal(t, (scratch) => {
        const below = scratch.literalTree(['100644', name, scratch.blob('x')]);
        return scratch.literalTree(['40000', 'dir', below]);
      });
      assert.ok(hasCode(error, 'git/path-refused'), String(error));
      assert.ok(error.message.includes(`"dir/${name.slice(0, 100)}`), error.message);
    }
    const reserved = await refusal(t, (scratch) =>
      scratch.literalTree(['100644', '.micelio-session', scratch.blob('x')]),
    );
    assert.ok(hasCode(reserved, 'git/path-refused'));
  });

  test('a path twice, an unknown mode, a missing object, a directory that is a file', async (t) => {
    const cases: Record<string, (scratch: ScratchRepository) => ObjectId> = {
      'git/tree-malformed': (scratch) => {
        const blob = scratch.blob('x');
        const below = scratch.literalTree(['100644', 'b', blob]);
        return scratch.literalTree(['100644', 'a', blob], ['40000', 'a', below]);
      },
      'git/object-missing': (scratch) => scratch.literalTree(['100644', 'a', 'e'.repeat(40)]),
      'git/object-wrong-type': (scratch) => scratch.literalTree(['40000', 'a', scratch.blob('x')]),
    };
    for (const [code, make] of Object.entries(cases)) {
      const error = await refusal(t, make);
      assert.ok(hasCode(error, code), `${code}: ${error}`);
    }
    const mode = await refusal(t, (scratch) => scratch.literalTree(['60000', 'a', scratch.blob('x')]));
    assert.ok(hasCode(mode, 'git/tree-malformed'));
    const type = await refusal(t, (scratch) => scratch.literalTree(['100644', 'a', scratch.literalTree()]));
    assert.ok(hasCode(type, 'git/object-wrong-type'));
  });

  test('a tree that unfolds to billions of files is given up', async (t) => {
    const error = await refusal(t, (scratch) => {
      let id: string = scratch.blob('x');
      for (let level = 0; level < 8; level++) {
        const mode = level === 0 ? '100644' : '40000';
        const at = id;
        id = scratch.literalTree(...Array.from({ length: 60 }, (_, i) => [mode, `d${i + 10}`, at] as const));
      }
      return id as ObjectId;
    });
    assert.ok(hasCode(error, 'git/tree-too-large'), String(error));
  });

  test('what git would write otherwise is imported, and named', async (t) => {
    const scratch = ScratchRepository.create(t);
    const blob = scratch.blob('x');
    const inner = scratch.literalTree(['100640', 'f', blob]);
    const hollow = scratch.literalTree(['40000', 'empty', scratch.literalTree()]);
    const commit = scratch.commitOf(scratch.literalTree(['040000', 'a', inner], ['40000', 'hollow', hollow]));
    const project = memoryProject();
    const repository = await scratch.open();
    const { tree, irregular } = await importRevision({ repository, revision: commit, ...project });
    assert.deepEqual(irregular, ['', 'a', 'hollow/empty']);
    assert.deepEqual([...(await listing(project, tree)).keys()], ['a', 'a/f']);
  });
});

describe('an interrupted import', () => {
  test('at any operation of the store leaves nothing that the next minds', async (t) => {
    const scratch = ScratchRepository.create(t);
    scratch.commit(oddFiles);
    const repository = await scratch.open();
    const { tree } = await importFrom(repository);
    const inner = new MemoryStore();
    const run = (store: FaultyStore) => {
      const blobs = new BlobStore(store, 'projects/test');
      return importRevision({ repository, revision: 'main', blobs, nodes: new NodeStore(blobs) });
    };
    let finished = false;
    for (let crashAt = 1; !finished; crashAt++) {
      const store = new FaultyStore(inner, { crashAt });
      try {
        assert.equal((await run(store)).tree, tree);
        finished = true;
      } catch (error) {
        assert.ok(error instanceof SimulatedCrash, String(error));
      }
    }
    const blobs = new BlobStore(inner, 'projects/test');
    const entries = await listing({ blobs, nodes: new NodeStore(blobs) }, tree);
    for (const entry of entries.values()) if (entry.type === 'file') await readWholeFile(blobs, entry);
    assert.equal(entries.size, oddFiles.size + 5);
  });

  test('by a git that dies, fails and can be repeated', async (t) => {
    const scratch = ScratchRepository.create(t);
    scratch.commit(oddFiles);
    const { tree } = await importFrom(await scratch.open());
    // A git whose cat-file ends in the middle of its answers, as if it were killed.
    const directory = temporaryDirectory(t);
    const script = join(directory, 'git');
    const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    const pid = `"${join(directory, 'pid')}"`;
    const dying = `{ "${real}" "$@" <&3 & echo $! >${pid}; wait; } | { dd bs=1 count=9000 status=none; kill $(cat ${pid}); }`;
    const body = `case "$*" in *cat-file*) exec 3<&0; ${dying}; exit 9;; *) exec "${real}" "$@";; esac`;
    writeFileSync(script, `#!/bin/sh\n${body}\n`);
    chmodSync(script, 0o755);
    const git = new Git({ ...scratchEnvironment, PATH: `${directory}${delimiter}${process.env.PATH}` });
    const project = memoryProject();
    const repository = await openRepository(git, scratch.directory);
    await assert.rejects(importRevision({ repository, revision: 'main', ...project }), (error) =>
      hasCode(error, 'git/failed'),
    );
    const again = await importRevision({ repository: await scratch.open(), revision: 'main', ...project });
    assert.equal(again.tree, tree);
  });
});
