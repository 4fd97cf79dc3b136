import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs, {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { MicelioError } from '../../base/error.ts';
import { BlobStore } from '../../blob/blob-store.ts';
import { buildTree } from '../../tree/build.ts';
import { NodeStore } from '../../tree/node-store.ts';
import type { TreePath } from '../../tree/path.ts';
import { described, memoryContent, temporaryDirectory } from '../fixtures.ts';
import { createCheckout, openCheckout, removeCheckout } from './checkout.ts';
import { checkoutOf, onDisk, treeOf } from './checkout-fixtures.ts';
import { findWorkspace, Marker } from './marker.ts';

const commit = 'c'.repeat(40);

describe('making a checkout', () => {
  test('gives the files of the tree, with their permissions, and a snapshot gives the tree', async (context) => {
    const files = {
      'a.txt': '644 a',
      run: '755 run',
      secret: '600 s',
      locked: '444 l',
      'src/deep/x': '644 x',
      empty: '755/',
      shut: '555/',
      'shut/inside': '644 i',
      up: '-> ../../outside',
      absolute: '-> /etc/passwd',
      module: `@${commit}`,
    };
    const { checkout, tree, root } = await checkoutOf(context, files);
    assert.deepEqual(onDisk(root), {
      ...files,
      src: '755/',
      'src/deep': '755/',
      module: '755/',
    });
    assert.deepEqual(await checkout.snapshot(), { tree, leftBehind: [] });
  });

  test('leaves nothing to be written: not by a process that knows nothing of the store either', async (context) => {
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`d${i % 7}/${i}`, `644 ${i}`]));
    const { content, root, tree } = await checkoutOf(context, { ...files, link: '-> 1' });
    const blobs = new BlobStore(content.blobs.store, content.blobs.layout.prefix);
    const checkout = await openCheckout({ blobs, nodes: new NodeStore(blobs) }, root);
    const packs = async () => (await Array.fromAsync(blobs.store.list(blobs.layout.packPrefix))).length;
    const before = await packs();
    assert.equal((await checkout.snapshot()).tree, tree);
    assert.equal(await packs(), before);
    // What was touched is read, and is what it was.
    utimesSync(join(root, 'd1/1'), 1, 1);
    assert.equal((await checkout.snapshot()).tree, tree);
    assert.equal(await packs(), before);
  });

  test('is found from below, and hidden from git', async (context) => {
    const { root, tree } = await checkoutOf(context, { 'a/b/c': '644 x' });
    assert.deepEqual(findWorkspace(join(root, 'a/b'))?.directory, root);
    assert.deepEqual(findWorkspace(root)?.owner, {
      kind: 'checkout',
      tree,
      session: { session: 'test' },
    });
    assert.equal(findWorkspace(join(root, '..')), undefined);
    execFileSync('git', ['init', '-q'], { cwd: root });
    assert.equal(execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' }), '?? a/\n');
  });

  test('takes an empty directory, and no other', async (context) => {
    const content = memoryContent();
    const tree = await treeOf(content, { a: '644 a' });
    const root = temporaryDirectory(context);
    writeFileSync(join(root, 'mine'), 'mine');
    await assert.rejects(createCheckout(content, root, tree, null), { code: 'workspace/not-empty' });
    assert.deepEqual(onDisk(root), { mine: '644 mine' });
    assert.equal(existsSync(join(root, '.micelio-session')), false);
    rmSync(join(root, 'mine'));
    await createCheckout(content, root, tree, null);
    await assert.rejects(createCheckout(content, root, tree, null), { code: 'workspace/not-empty' });
  });

  test('never leads outside, whatever a tree says', async (context) => {
    const content = memoryContent();
    const batch = await content.blobs.openBatch();
    const entry = { type: 'file', mode: 0o644, size: 1, hash: batch.add(Buffer.from('x')) } as const;
    const parent = temporaryDirectory(context);
    for (const path of [
      '../escaped',
      '.git/config',
      '.GIT/config',
      'sub/.Git/config',
      '.micelio-session/session.json',
      'a/../../escaped',
    ]) {
      const tree = buildTree({ add: (bytes) => batch.add(bytes, 'node') }, [[path as TreePath, entry]]);
      await batch.flush();
      const made = createCheckout(content, join(parent, 'workspace'), tree, null);
      await assert.rejects(made, { code: 'workspace/denied' }, path);
      assert.deepEqual(onDisk(parent), {}, path);
    }
  });

  test('keeps names that are no text', async (context) => {
    const { checkout, tree } = await checkoutOf(context, { 'line\nbreak': '644 a', é: '644 b' });
    assert.equal((await checkout.snapshot()).tree, tree);
  });

  test('an object that is damaged in the store ends it, and leaves nothing', async (context) => {
    const content = memoryContent();
    const tree = await treeOf(content, { a: '644 hello' });
    const { get } = content.blobs.store;
    const packs = content.blobs.layout.packPrefix;
    await content.nodes.node(tree);
    content.blobs.store.get = async (key, range) => {
      const stored = await get.call(content.blobs.store, key, range);
      if (stored === undefined || !key.startsWith(packs)) return stored;
      const bytes = Uint8Array.from(stored.bytes);
      const at = Buffer.from(bytes).indexOf('hello');
      if (at >= 0) bytes[at]! ^= 1;
      return { bytes, etag: stored.etag };
    };
    const parent = temporaryDirectory(context);
    await assert.rejects(createCheckout(content, join(parent, 'w'), tree, null), { code: 'blob/corrupt' });
    assert.deepEqual(onDisk(parent), {});
  });
});

test('what is damaged is told as it is, whichever thread finds it', async (context) => {
  const content = memoryContent();
  const files = Object.fromEntries(
    Array.from({ length: 1500 }, (_, i) => [`d${i % 50}/f${i}`, `644 ${i} `.padEnd(500, `${i}`)]),
  );
  const tree = await treeOf(content, files);
  // What the nodes say is in memory from here on.
  await described(content, tree);
  const { get } = content.blobs.store;
  content.blobs.store.get = async (key, range) => {
    const stored = await get.call(content.blobs.store, key, range);
    if (stored === undefined || !key.startsWith(content.blobs.layout.packPrefix)) return stored;
    const bytes = Uint8Array.from(stored.bytes);
    for (let at = 1000; at < bytes.length; at += 1000) bytes[at]! ^= 0xff;
    return { bytes, etag: stored.etag };
  };
  const parent = temporaryDirectory(context);
  await assert.rejects(createCheckout(content, join(parent, 'w'), tree, null), (error) => {
    assert.ok(error instanceof MicelioError);
    assert.equal(error.code, 'blob/corrupt');
    return true;
  });
  assert.deepEqual(onDisk(parent), {});
});

describe('a snapshot', () => {
  test('sees what was changed, added, removed, and what changed its kind', async (context) => {
    const { checkout, content, at } = await checkoutOf(context, {
      same: '644 same',
      edited: '644 before',
      removed: '644 r',
      mode: '644 m',
      'dir/x': '644 x',
      link: '-> same',
      file: '644 f',
    });
    writeFileSync(at('edited'), 'after');
    rmSync(at('removed'));
    chmodSync(at('mode'), 0o755);
    rmSync(at('dir'), { recursive: true });
    writeFileSync(at('dir'), 'now a file');
    rmSync(at('link'));
    mkdirSync(at('link/sub'), { recursive: true });
    rmSync(at('file'));
    symlinkSync('/nowhere', at('file'));
    writeFileSync(at('new'), 'new');
    const { tree } = await checkout.snapshot();
    assert.deepEqual(await described(content, tree), {
      dir: '644 now a file',
      edited: '644 after',
      file: '-> /nowhere',
      link: '755/',
      'link/sub': '755/',
      mode: '755 m',
      new: '644 new',
      same: '644 same',
    });
    assert.equal((await checkout.snapshot()).tree, tree);
  });

  test('sees an edit of the same size in the same instant', async (context) => {
    const { checkout, content, at } = await checkoutOf(context, { a: '644 0' });
    for (let i = 1; i < 20; i++) {
      writeFileSync(at('a'), String.fromCharCode(48 + i));
      const { tree } = await checkout.snapshot();
      assert.deepEqual(await described(content, tree), { a: `644 ${String.fromCharCode(48 + i)}` });
    }
  });

  test('sees an edit that hides behind the old time of modification', async (context) => {
    const { checkout, content, at } = await checkoutOf(context, { a: '644 before' });
    await checkout.snapshot();
    const { atime, mtime } = statSync(at('a'));
    writeFileSync(at('a'), 'behind');
    utimesSync(at('a'), atime, mtime);
    assert.deepEqual(await described(content, (await checkout.snapshot()).tree), { a: '644 behind' });
  });

  test('does not read what did not change', async (context) => {
    const { checkout, tree, at } = await checkoutOf(context, { a: '644 a', b: '644 b' });
    // Old enough to be beyond doubt.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await checkout.snapshot();
    chmodSync(at('a'), 0o600);
    chmodSync(at('a'), 0o644);
    const read = openedFiles(context);
    assert.equal((await checkout.snapshot()).tree, tree);
    assert.deepEqual(
      read.filter((path) => !path.includes('.micelio-session')),
      [at('a')],
    );
  });

  test('keeps a file of the tree although it is ignored, and takes no other that is', async (context) => {
    const { checkout, content, at } = await checkoutOf(context, {
      '.gitignore': '644 *.log\nbuild/\n',
      'kept.log': '644 1',
      'build/kept': '644 1',
    });
    writeFileSync(at('kept.log'), '2');
    writeFileSync(at('build/kept'), '2');
    writeFileSync(at('new.log'), '2');
    writeFileSync(at('build/new'), '2');
    const { tree } = await checkout.snapshot();
    assert.deepEqual(await described(content, tree), {
      '.gitignore': '644 *.log\nbuild/\n',
      build: '755/',
      'build/kept': '644 2',
      'kept.log': '644 2',
    });
  });

  test('finds files that are ignored no more, in directories that did not change', async (context) => {
    const { checkout, content, at } = await checkoutOf(context, {
      '.gitignore': '644 *.log\nonly/\n',
      'deep/er/x': '644 x',
    });
    writeFileSync(at('deep/er/a.log'), 'a');
    mkdirSync(at('only/sub'), { recursive: true });
    writeFileSync(at('only/sub/b'), 'b');
    mkdirSync(at('watched/sub'), { recursive: true });
    writeFileSync(at('watched/sub/c.log'), 'c');
    await checkout.snapshot();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = await checkout.snapshot();
    assert.deepEqual(Object.keys(await described(content, before.tree)), [
      '.gitignore',
      'deep',
      'deep/er',
      'deep/er/x',
    ]);
    writeFileSync(at('watched/sub/d'), 'd');
    const middle = await described(content, (await checkout.snapshot()).tree);
    assert.equal(middle['watched/sub/d'], '644 d');
    writeFileSync(at('.gitignore'), 'x.log\n');
    const after = await described(content, (await checkout.snapshot()).tree);
    assert.equal(after['deep/er/a.log'], '644 a');
    assert.equal(after['only/sub/b'], '644 b');
    assert.equal(after['watched/sub/c.log'], '644 c');
  });

  test('leaves behind what no tree can hold, and says so each time', async (context) => {
    const { checkout, content, at } = await checkoutOf(context, { 'sub/a': '644 a' });
    execFileSync('sh', ['-c', 'mkfifo "$0"', at('fifo')]);
    mkdirSync(at('.git'));
    mkdirSync(at('sub/.git'));
    mkdirSync(at('clone/.git'), { recursive: true });
    writeFileSync(at('clone/file'), 'x');
    writeFileSync(at(`.nfs${'0'.repeat(20)}`), 'gone');
    for (let i = 0; i < 3; i++) {
      const { tree, leftBehind } = await checkout.snapshot();
      assert.deepEqual(
        leftBehind.map(({ path }) => path),
        ['clone', 'fifo', 'sub/.git'],
      );
      assert.deepEqual(await described(content, tree), { sub: '755/', 'sub/a': '644 a' });
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    rmSync(at('clone/.git'), { recursive: true });
    assert.equal((await described(content, (await checkout.snapshot()).tree))['clone/file'], '644 x');
  });

  test('does not read through a directory that has become a symlink', async (context) => {
    const { checkout, content, at } = await checkoutOf(context, { 'dir/a': '644 a', 'dir/sub/b': '644 b' });
    const outside = temporaryDirectory(context);
    mkdirSync(join(outside, 'sub'));
    writeFileSync(join(outside, 'a'), 'secret');
    writeFileSync(join(outside, 'sub/b'), 'secret');
    rmSync(at('dir'), { recursive: true });
    symlinkSync(outside, at('dir'));
    assert.deepEqual(await described(content, (await checkout.snapshot()).tree), { dir: `-> ${outside}` });
  });

  test('a submodule stays what it is while its directory is there', async (context) => {
    const { checkout, content, tree, at } = await checkoutOf(context, { module: `@${commit}`, a: '644 a' });
    writeFileSync(at('module/inside'), 'x');
    mkdirSync(at('module/.git'));
    assert.equal((await checkout.snapshot()).tree, tree);
    rmSync(at('module'), { recursive: true });
    assert.deepEqual(await described(content, (await checkout.snapshot()).tree), { a: '644 a' });
  });

  test('an empty directory stays when ignored files come into it, and one that loses its files goes', async (context) => {
    const { checkout, content, at } = await checkoutOf(context, {
      '.gitignore': '644 *.log\n',
      logs: '755/',
      'package/deep/a': '644 a',
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await checkout.snapshot();
    writeFileSync(at('logs/x.log'), 'x');
    writeFileSync(at('package/deep/x.log'), 'x');
    rmSync(at('package/deep/a'));
    assert.deepEqual(await described(content, (await checkout.snapshot()).tree), {
      '.gitignore': '644 *.log\n',
      logs: '755/',
    });
  });

  test('reads everything again when its state is lost or damaged', async (context) => {
    const { checkout, content, root, at } = await checkoutOf(context, { a: '644 a', b: '644 b' });
    writeFileSync(at('a'), 'c');
    const state = new Marker(root).stateFile;
    const bytes = readFileSync(state);
    bytes[70]! ^= 1;
    writeFileSync(state, bytes);
    const { tree } = await checkout.snapshot();
    assert.deepEqual(await described(content, tree), { a: '644 c', b: '644 b' });
    rmSync(state);
    assert.equal((await checkout.snapshot()).tree, tree);
  });
});

/** From now on, every file that is opened. */
function openedFiles(context: TestContext): string[] {
  const { openSync } = fs;
  const opened: string[] = [];
  fs.openSync = (path, ...rest) => {
    opened.push(String(path));
    return openSync(path, ...rest);
  };
  syncBuiltinESMExports();
  context.after(() => {
    fs.openSync = openSync;
    syncBuiltinESMExports();
  });
  return opened;
}

describe('removing', () => {
  test('deletes a checkout, finished or not, and nothing else', async (context) => {
    const { content, root } = await checkoutOf(context, { 'a/b': '644 x' });
    removeCheckout(root);
    assert.equal(existsSync(root), false);
    const other = temporaryDirectory(context);
    writeFileSync(join(other, 'mine'), 'mine');
    assert.throws(() => removeCheckout(other), { code: 'workspace/not-a-workspace' });
    assert.throws(() => openCheckout(content, other), { code: 'workspace/not-a-workspace' });
    mkdirSync(join(other, '.micelio-session'));
    assert.throws(() => openCheckout(content, other), { code: 'workspace/unfinished' });
    removeCheckout(other);
    assert.equal(existsSync(other), false);
  });
});

test('a checkout can be moved', async (context) => {
  const { checkout, content, tree, root } = await checkoutOf(context, { 'a/b': '644 x' });
  await checkout.putAside(`${root}-moved`);
  appendFileSync(join(`${root}-moved`, 'a/b'), 'y');
  const moved = openCheckout(content, `${root}-moved`);
  const after = await moved.snapshot();
  assert.notEqual(after.tree, tree);
  assert.deepEqual(await described(content, after.tree), { a: '755/', 'a/b': '644 xy' });
});

test('a marker of a newer version is refused', async (context) => {
  const { checkout, root } = await checkoutOf(context, { a: '644 a' });
  const { ownerFile } = new Marker(root);
  writeFileSync(ownerFile, readFileSync(ownerFile, 'utf8').replace('"version": 1', '"version": 2'));
  await assert.rejects(async () => checkout.snapshot(), { code: 'workspace/format-unknown' });
});
