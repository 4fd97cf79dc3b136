import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readFile } from '../blob/file.ts';
import { lookup } from '../tree/lookup.ts';
import type { TreePath } from '../tree/path.ts';
import { described, memoryContent, temporaryDirectory } from './fixtures.ts';
import { importDirectory } from './import-directory.ts';

test('files, modes, links and empty directories are kept; what no tree can hold is left behind', async (context) => {
  const root = temporaryDirectory(context);
  mkdirSync(join(root, 'src/empty'), { recursive: true });
  writeFileSync(join(root, 'src/a.ts'), 'a');
  linkSync(join(root, 'src/a.ts'), join(root, 'src/b.ts'));
  writeFileSync(join(root, 'run'), 'run');
  chmodSync(join(root, 'run'), 0o775);
  writeFileSync(join(root, 'secret'), 's');
  chmodSync(join(root, 'secret'), 0o4600);
  chmodSync(join(root, 'src/a.ts'), 0o664);
  symlinkSync('/etc/passwd', join(root, 'absolute'));
  symlinkSync('../../..', join(root, 'src/up'));
  execFileSync('sh', ['-c', 'mkfifo "$0"', join(root, 'fifo')]);
  for (const git of ['.git', 'src/.git', '.micelio-session']) {
    mkdirSync(join(root, git));
    writeFileSync(join(root, git, 'HEAD'), '');
  }
  writeFileSync(join(root, `.nfs${'0'.repeat(20)}`), 'gone');
  const content = memoryContent();
  const result = await importDirectory(content, root);
  assert.deepEqual(await described(content, result.tree), {
    absolute: '-> /etc/passwd',
    run: '755 run',
    secret: '600 s',
    src: '755/',
    'src/a.ts': '644 a',
    'src/b.ts': '644 a',
    'src/empty': '755/',
    'src/up': '-> ../../..',
  });
  assert.deepEqual(
    result.leftBehind.map(({ path }) => path),
    ['fifo', 'src/.git'],
  );
  assert.deepEqual(
    { files: result.files, symlinks: result.symlinks, directories: result.directories },
    { files: 4, symlinks: 2, directories: 2 },
  );
});

test('names are bytes', async (context) => {
  const root = temporaryDirectory(context);
  const names = [
    Buffer.from('line\nbreak'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('é'),
    Buffer.alloc(255, 0xc3),
  ];
  for (const name of names) {
    const directory = Buffer.concat([Buffer.from(`${root}/`), name]);
    mkdirSync(directory);
    writeFileSync(Buffer.concat([directory, Buffer.from('/'), name]), name);
  }
  const content = memoryContent();
  const { tree } = await importDirectory(content, root);
  for (const name of names) {
    const path = `${name.toString('latin1')}/${name.toString('latin1')}` as TreePath;
    const entry = await lookup(content.nodes, tree, path);
    assert.ok(entry?.type === 'file');
    assert.deepEqual(await content.blobs.get(entry.hash), name);
  }
});

test('ignored files stay out, and come in with `all`', async (context) => {
  const root = temporaryDirectory(context);
  mkdirSync(join(root, 'node_modules/x'), { recursive: true });
  mkdirSync(join(root, 'only/ignored'), { recursive: true });
  writeFileSync(join(root, 'node_modules/x/index.js'), '1');
  writeFileSync(join(root, 'only/ignored/a.log'), '1');
  writeFileSync(join(root, 'kept'), '1');
  writeFileSync(join(root, '.gitignore'), 'node_modules\n*.log\n');
  const content = memoryContent();
  const plain = await importDirectory(content, root);
  assert.deepEqual(Object.keys(await described(content, plain.tree)), ['.gitignore', 'kept']);
  const all = await importDirectory(content, root, { all: true });
  assert.equal(Object.keys(await described(content, all.tree)).length, 8);
});

test('a large file is kept whole, and progress ends at the total', async (context) => {
  const root = temporaryDirectory(context);
  const bytes = Buffer.alloc(3 * 1024 * 1024 + 7);
  for (let i = 0; i < bytes.length; i += 4)
    bytes.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, Math.min(i, bytes.length - 4));
  writeFileSync(join(root, 'large'), bytes);
  writeFileSync(join(root, 'small'), '1');
  const content = memoryContent();
  const reports: unknown[] = [];
  const { tree } = await importDirectory(content, root, { onProgress: (progress) => reports.push(progress) });
  const entry = await lookup(content.nodes, tree, 'large' as TreePath);
  assert.ok(entry?.type === 'file');
  assert.ok(Buffer.concat(await Array.fromAsync(readFile(content.blobs, entry))).equals(bytes));
  assert.deepEqual(reports.at(-1), { files: 2, filesTotal: 2, bytes: bytes.length + 1 });
});

test('a file that grows while it is read is read again, and one that never rests is named', async (context) => {
  const root = temporaryDirectory(context);
  writeFileSync(join(root, 'a'), Buffer.alloc(2 * 1024 * 1024));
  const content = memoryContent();
  const original = content.blobs.openBatch.bind(content.blobs);
  let growths = 2;
  content.blobs.openBatch = async () => {
    const batch = await original();
    const add = batch.add.bind(batch);
    batch.add = (bytes, kind) => {
      if (growths > 0 && kind !== 'node') {
        growths--;
        appendFileSync(join(root, 'a'), 'x');
      }
      return add(bytes, kind);
    };
    return batch;
  };
  const { bytes } = await importDirectory(content, root);
  assert.ok(bytes > 2 * 1024 * 1024);
  growths = Number.POSITIVE_INFINITY;
  await assert.rejects(importDirectory(content, root), {
    code: 'workspace/unsteady',
    message: /"a" was changed/,
  });
});

test('a file that may not be read is named', (context) => {
  const root = temporaryDirectory(context);
  writeFileSync(join(root, 'secret'), 's');
  chmodSync(join(root, 'secret'), 0);
  chmodSync(root, 0o755);
  const script = `
    import { memoryContent } from ${JSON.stringify(new URL('./fixtures.ts', import.meta.url).href)};
    import { importDirectory } from ${JSON.stringify(new URL('./import-directory.ts', import.meta.url).href)};
    if (process.geteuid() === 0) process.seteuid(65534);
    await importDirectory(memoryContent(), process.argv[1]).catch((error) => console.log(error.code, error.message));
  `;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script, root], {
    encoding: 'utf8',
  });
  assert.match(child.stdout, /^workspace\/unreadable Cannot read "secret" \(EACCES\)/, child.stderr);
});
