import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs, {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../fixtures.ts';
import { withWorkspaceLock } from '../workspace-lock.ts';
import { checkoutOf, onDisk, treeOf } from './checkout-fixtures.ts';
import { Marker } from './marker.ts';

test('brings files to another tree, whatever became of what', async (context) => {
  const { checkout, content, tree, root } = await checkoutOf(context, {
    same: '644 same',
    edited: '644 before',
    mode: '644 m',
    removed: '644 r',
    'gone/deep/x': '644 x',
    'file-to-directory': '644 f',
    'directory-to-file/sub/x': '644 x',
    'link-to-file': '-> same',
    'file-to-link': '644 f',
    'link-to-directory': '-> gone',
    module: `@${'c'.repeat(40)}`,
    directory: '700/',
  });
  const wanted = {
    same: '644 same',
    edited: '644 after',
    mode: '755 m',
    'new/deep/y': '600 y',
    'file-to-directory/x': '644 x',
    'directory-to-file': '644 f',
    'link-to-file': '444 f',
    'file-to-link': '-> /nowhere',
    'link-to-directory/x': '644 x',
    directory: '755/',
    'module-2': `@${'d'.repeat(40)}`,
  };
  const target = await treeOf(content, wanted);
  await checkout.update(target);
  assert.deepEqual(onDisk(root), {
    ...wanted,
    new: '755/',
    'new/deep': '755/',
    'file-to-directory': '755/',
    'link-to-directory': '755/',
    'module-2': '755/',
  });
  assert.equal((await checkout.snapshot()).tree, target);
  assert.deepEqual(readdirSync(new Marker(root).stagingDirectory), []);
  await checkout.update(tree);
  assert.equal((await checkout.snapshot()).tree, tree);
});

test('a file that was changed stops it before anything is touched', async (context) => {
  const { checkout, content, root, at } = await checkoutOf(context, {
    a: '644 a',
    b: '644 b',
    c: '644 c',
    'd/x': '644 x',
  });
  const target = await treeOf(content, { a: '644 A', b: '644 B', c: '644 C' });
  const spoil = [
    () => writeFileSync(at('b'), 'mine'),
    () => writeFileSync(at('b'), 'B'),
    () => chmodSync(at('b'), 0o755),
    () => rmSync(at('b')),
    () => writeFileSync(at('d/x'), 'mine'),
    () => {
      rmSync(at('d'), { recursive: true });
      symlinkSync('/etc', at('d'));
    },
  ];
  for (const change of spoil) {
    const { tree } = await checkout.snapshot();
    change();
    const before = onDisk(root);
    await assert.rejects(checkout.update(target), { code: 'workspace/changed' }, String(change));
    assert.deepEqual(onDisk(root), before, String(change));
    rmSync(at('b'), { force: true });
    rmSync(at('d'), { recursive: true, force: true });
    mkdirSync(at('d'));
    writeFileSync(at('b'), 'b');
    writeFileSync(at('d/x'), 'x');
    assert.equal((await checkout.snapshot()).tree, tree);
  }
});

test('a file that was only touched is no change', async (context) => {
  const { checkout, content, root, at } = await checkoutOf(context, { a: '644 a' });
  writeFileSync(at('a'), 'a');
  await checkout.update(await treeOf(content, { a: '644 A' }));
  assert.deepEqual(onDisk(root), { a: '644 A' });
});

test('what is not recorded is never overwritten, and is named', async (context) => {
  const { checkout, content, root, at } = await checkoutOf(context, {
    '.gitignore': '644 ignored\n*.log\n',
    'becomes-file/a': '644 a',
  });
  const base = { '.gitignore': '644 ignored\n*.log\n', 'becomes-file/a': '644 a' };
  const cases: [string, Record<string, string>][] = [
    ['ignored', { ...base, ignored: '644 theirs' }],
    ['ignored', { ...base, 'ignored/sub/x': '644 theirs' }],
    ['becomes-file/x.log', { '.gitignore': base['.gitignore'], 'becomes-file': '644 theirs' }],
  ];
  writeFileSync(at('ignored'), 'mine');
  writeFileSync(at('becomes-file/x.log'), 'mine');
  const before = onDisk(root);
  for (const [path, files] of cases) {
    const target = await treeOf(content, files);
    const expected = { code: 'workspace/in-the-way', message: new RegExp(`^"${path}" is not part`) };
    await assert.rejects(checkout.update(target), expected);
    assert.deepEqual(onDisk(root), before);
  }
  await checkout.update(await treeOf(content, { ...base, ignored: '644 mine' }));
});

test('a directory that goes stays on disk with the ignored files in it, and is not recorded again', async (context) => {
  const { checkout, content, root, at } = await checkoutOf(context, {
    '.gitignore': '644 *.log\n',
    'p/a': '644 a',
    'p/q/b': '644 b',
  });
  writeFileSync(at('p/q/x.log'), 'x');
  const target = await treeOf(content, { '.gitignore': '644 *.log\n' });
  await checkout.update(target);
  assert.deepEqual(onDisk(root), {
    '.gitignore': '644 *.log\n',
    p: '755/',
    'p/q': '755/',
    'p/q/x.log': '644 x',
  });
  assert.equal((await checkout.snapshot()).tree, target);
});

test('never writes through a symlink that took the place of a directory', async (context) => {
  const outside = temporaryDirectory(context);
  const { checkout, content, at } = await checkoutOf(context, { 'd/a': '644 a', e: '644 e' });
  rmSync(at('d'), { recursive: true });
  symlinkSync(outside, at('d'));
  const target = await treeOf(content, { 'd/a': '644 a', 'd/new': '644 new', e: '644 e' });
  await assert.rejects(checkout.update(target), { code: 'workspace/changed' });
  writeFileSync(join(outside, 'a'), 'a');
  await assert.rejects(checkout.update(await treeOf(content, { e: '644 e' })), { code: 'workspace/changed' });
  assert.deepEqual(onDisk(outside), { a: '644 a' });
  // Recorded, the symlink is what it is: replaced as a link.
  await checkout.snapshot();
  await checkout.update(target);
  assert.deepEqual(onDisk(outside), { a: '644 a' });
  assert.equal(readFileSync(at('d/new'), 'utf8'), 'new');
});

test('works in directories that forbid their owner to write', (context) => {
  const parent = temporaryDirectory(context);
  chmodSync(parent, 0o777);
  const script = `
    if (process.geteuid() === 0) process.seteuid(65534);
    const { memoryContent } = await import(${JSON.stringify(new URL('../fixtures.ts', import.meta.url).href)});
    const { onDisk, treeOf } = await import(${JSON.stringify(new URL('./checkout-fixtures.ts', import.meta.url).href)});
    const { createCheckout } = await import(${JSON.stringify(new URL('./checkout.ts', import.meta.url).href)});
    const content = memoryContent();
    const tree = await treeOf(content, { d: '555/', 'd/a': '444 a', 'd/b': '644 b' });
    const root = process.argv[1] + '/w';
    const checkout = await createCheckout(content, root, tree, null);
    await checkout.update(await treeOf(content, { d: '555/', 'd/a': '444 A', 'd/c': '644 c' }));
    console.log(JSON.stringify(onDisk(root)));
  `;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script, parent], {
    encoding: 'utf8',
  });
  assert.deepEqual(JSON.parse(child.stdout || `"${child.stderr}"`), {
    d: '555/',
    'd/a': '444 A',
    'd/c': '644 c',
  });
});

test('a full disk is a clear error, and leaves everything as it was', async (context) => {
  const { checkout, content, tree, root } = await checkoutOf(context, { a: '644 a', b: '644 b' });
  const target = await treeOf(content, { a: '644 larger', b: '644 larger too', c: '644 c' });
  const before = onDisk(root);
  const { writeSync } = fs;
  let writes = 0;
  fs.writeSync = () => {
    if (++writes > 1) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    return 6;
  };
  syncBuiltinESMExports();
  try {
    await assert.rejects(checkout.update(target), { code: 'workspace/full' });
  } finally {
    fs.writeSync = writeSync;
    syncBuiltinESMExports();
  }
  assert.deepEqual(onDisk(root), before);
  assert.deepEqual(readdirSync(new Marker(root).stagingDirectory), []);
  assert.equal((await checkout.snapshot()).tree, tree);
  await checkout.update(target);
  assert.equal((await checkout.snapshot()).tree, target);
});

test('waits for another process, and says so when that takes too long', async (context) => {
  const { checkout, root } = await checkoutOf(context, { a: '644 a' });
  const { lockFile } = new Marker(root);
  let waits = 0;
  const lock = { waitMsMax: 100, wait: async () => void waits++ };
  const held = withWorkspaceLock(lockFile, lock, async () => {
    await assert.rejects(
      withWorkspaceLock(lockFile, lock, async () => {}),
      { code: 'workspace/busy' },
    );
    return waits;
  });
  assert.equal(await held, 4);
  await Promise.all([checkout.snapshot(), checkout.snapshot()]);
});

test('the lock of a process that died is free', async (context) => {
  const { root, checkout } = await checkoutOf(context, { a: '644 a' });
  const script = `
    import { withWorkspaceLock } from ${JSON.stringify(new URL('../workspace-lock.ts', import.meta.url).href)};
    const lock = { waitMsMax: 0, wait: async () => {} };
    await withWorkspaceLock(process.argv[1], lock, async () => process.kill(process.pid, 'SIGKILL'));
  `;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script, new Marker(root).lockFile]);
  assert.equal(child.signal, 'SIGKILL');
  await checkout.snapshot();
});

test('a file renamed to another case is itself where both are one name', async (context) => {
  // A hard link is the nearest that a file system with case has to offer: two names, one file.
  const { checkout, content, at } = await checkoutOf(context, { 'readme.md': '644 text' });
  execFileSync('ln', [at('readme.md'), at('README.md')]);
  await assert.rejects(checkout.update(await treeOf(content, { 'README.md': '644 text' })), {
    code: 'workspace/name-collision',
  });
  assert.equal(existsSync(at('README.md')), true);
});

test('an update of very many files ends at the target', async (context) => {
  const before = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`d${i % 7}/f${i}`, `644 ${i}`]));
  const after = Object.fromEntries(
    Array.from({ length: 900 }, (_, i) => [`d${i % 9}/f${i}`, `644 ${i % 3}`]),
  );
  const { checkout, content } = await checkoutOf(context, before);
  const target = await treeOf(content, after);
  await checkout.update(target);
  assert.equal((await checkout.snapshot()).tree, target);
  renameSync(join(checkout.directory, 'd1'), join(checkout.directory, 'moved'));
  assert.notEqual((await checkout.snapshot()).tree, target);
});
