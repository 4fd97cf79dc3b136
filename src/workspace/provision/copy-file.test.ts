import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryDirectory } from '../fixtures.ts';
import { FileCopier } from './copy-file.ts';

const wholeBytes = 64 * 1024;
const largeBytes = 1024 * 1024;

describe('a copied file', () => {
  for (const size of [0, 1, 5000, wholeBytes - 1, wholeBytes, wholeBytes + 1, largeBytes, largeBytes + 1]) {
    test(`of ${size} bytes has the bytes, permissions and times of its source`, async (t) => {
      const directory = temporaryDirectory(t);
      const [source, where] = [join(directory, 'source'), join(directory, 'copy')];
      const bytes = Buffer.alloc(size, 'some text ');
      for (const mode of [0o644, 0o400, 0o777]) {
        const copy = `${where}-${mode}`;
        writeFileSync(`${source}-${mode}`, bytes);
        chmodSync(`${source}-${mode}`, mode);
        utimesSync(`${source}-${mode}`, 1_000_000_000.25, 1_100_000_000.5);
        let made = 0;
        const status = lstatSync(`${source}-${mode}`);
        const left = await new FileCopier().copy({
          source: `${source}-${mode}`,
          status,
          where: copy,
          made: () => made++,
        });
        assert.equal(made, 1);
        const found = lstatSync(copy);
        assert.deepEqual([left.ino, left.size, left.mtimeMs], [found.ino, found.size, found.mtimeMs]);
        assert.equal(left.ctimeMs, found.ctimeMs);
        assert.equal(found.mtimeMs, 1_100_000_000_500);
        assert.equal(found.mode & 0o7777, mode);
        assert.ok(readFileSync(copy).equals(bytes));
      }
    });
  }

  test('has what its source has when it is read, though that has grown or shrunk since it was found', async (t) => {
    const directory = temporaryDirectory(t);
    const source = join(directory, 'source');
    const copier = new FileCopier();
    const changes = {
      'grown a little': () => appendFileSync(source, 'more'),
      'grown much': () => appendFileSync(source, Buffer.alloc(3 * wholeBytes, 'x')),
      shrunk: () => truncateSync(source, 2),
    };
    for (const [name, change] of Object.entries(changes)) {
      writeFileSync(source, 'a few words');
      const status = lstatSync(source);
      change();
      const where = join(directory, name);
      await copier.copy({ source, status, where, made: () => {} });
      assert.ok(readFileSync(where).equals(readFileSync(source)), name);
    }
  });

  test('takes nothing that is there', async (t) => {
    const directory = temporaryDirectory(t);
    const [source, where] = [join(directory, 'source'), join(directory, 'there')];
    for (const size of [10, wholeBytes + 1, largeBytes]) {
      writeFileSync(source, Buffer.alloc(size));
      writeFileSync(where, 'mine');
      const made = () => assert.fail('nothing is made');
      const request = { source, status: lstatSync(source), where, made };
      await assert.rejects(new FileCopier().copy(request), { code: 'EEXIST' });
      assert.equal(readFileSync(where, 'utf8'), 'mine');
    }
  });
});
