import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hasCode } from '../base/error.ts';
import type { ObjectId } from './object-id.ts';
import { type GitObject, ObjectReader } from './object-reader.ts';
import { file, type ScratchFile, ScratchRepository } from './scratch-repository.ts';

describe('ObjectReader', () => {
  test('answers in the order asked, over many groups, with large blobs in between as streams', async (t) => {
    const scratch = ScratchRepository.create(t);
    const large = Buffer.alloc(3 * 1024 * 1024 + 17, 'large\n');
    const files = new Map<string, ScratchFile>(
      Array.from({ length: 700 }, (_, i) => [`f${i}`, file(`content ${i}\n\n`)] as const),
    );
    files.set('large', file(large));
    files.set('empty', file(''));
    scratch.commit(files);
    const listing = scratch.git(['ls-tree', '-r', 'main']).split('\n');
    const byName = new Map(listing.map((line) => [line.split('\t')[1]!, line.split(/[ \t]/)[2] as ObjectId]));
    const names = [...byName.keys(), 'large', 'f3', 'empty'];
    const reader = await ObjectReader.open(await scratch.open());
    t.after(() => reader.close());
    let at = 0;
    for await (const object of reader.readAll(names.map((name) => byName.get(name)!))) {
      const name = names[at++]!;
      assert.equal(object.form, name === 'large' ? 'streamed' : 'whole');
      assert.deepEqual(await bytesOf(object), Buffer.from(files.get(name)!.content));
    }
    assert.equal(at, names.length);
  });

  test('a stream that nobody wanted is passed over', async (t) => {
    const scratch = ScratchRepository.create(t);
    const ids = [scratch.blob(Buffer.alloc(2_000_000, 1)), scratch.blob('behind')];
    const reader = await ObjectReader.open(await scratch.open());
    t.after(() => reader.close());
    const sizes: number[] = [];
    for await (const object of reader.readAll(ids)) sizes.push(object.size);
    assert.deepEqual(sizes, [2_000_000, 6]);
  });

  test('tells types, and an object that is missing, by its name', async (t) => {
    const scratch = ScratchRepository.create(t);
    const commit = scratch.commit(new Map([['a', file('a')]]));
    const tree = scratch.treeOf('main');
    const missing = 'e'.repeat(40) as ObjectId;
    const reader = await ObjectReader.open(await scratch.open());
    t.after(() => reader.close());
    assert.equal(await reader.typeOf(commit), 'commit');
    assert.equal(await reader.typeOf(missing), undefined);
    assert.equal(await reader.treeOfCommit(commit), tree);
    await assert.rejects(reader.read(missing, 'tree'), (error) => hasCode(error, 'git/object-missing'));
  });

  test('tells what names stand for at that moment, whoever has changed it', async (t) => {
    const scratch = ScratchRepository.create(t);
    const [first, second] = scratch.commits([new Map([['a', file('a')]]), new Map([['a', file('b')]])]);
    const blob = scratch.blob('claim');
    const reader = await ObjectReader.open(await scratch.open());
    t.after(() => reader.close());
    const names = ['refs/claims/one', 'refs/heads/main', 'refs/heads/gr\u00fcn'];
    const size = Number(scratch.git(['cat-file', '-s', second!]));
    assert.deepEqual(await reader.resolve(names), [
      undefined,
      { id: second, type: 'commit', size },
      undefined,
    ]);
    scratch.git(['update-ref', 'refs/claims/one', blob]);
    scratch.git(['pack-refs', '--all']);
    scratch.git(['update-ref', 'refs/heads/main', first!]);
    const [claim, main] = await reader.resolve(names);
    assert.equal(claim?.id, blob);
    assert.equal(main?.id, first);
    assert.equal(await reader.typeOf(blob), 'blob');
  });

  test('a wrong type is told', async (t) => {
    const scratch = ScratchRepository.create(t);
    const commit = scratch.commit(new Map());
    const reader = await ObjectReader.open(await scratch.open());
    t.after(() => reader.close());
    await assert.rejects(reader.read(commit, 'tree'), (error) => hasCode(error, 'git/object-wrong-type'));
  });

  test('closes in the middle of an answer', async (t) => {
    const scratch = ScratchRepository.create(t);
    const id = scratch.blob(Buffer.alloc(20_000_000, 'x'));
    const reader = await ObjectReader.open(await scratch.open());
    for await (const object of reader.readAll([id, id, id])) {
      assert.equal(object.form, 'streamed');
      if (object.form === 'streamed') assert.ok(!(await object.pieces.next()).done);
      await reader.close();
      break;
    }
  });
});

async function bytesOf(object: GitObject): Promise<Buffer> {
  return object.form === 'whole' ? object.bytes : Buffer.concat(await Array.fromAsync(object.pieces));
}
