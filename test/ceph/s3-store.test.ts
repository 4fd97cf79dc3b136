import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { objectStoreConformance } from '../../src/storage/object-store.conformance.ts';
import { parseKey } from '../../src/storage/object-store.ts';
import type { S3StoreOptions } from '../../src/storage/s3/s3-store.ts';
import { describeWherePossible } from '../needs.ts';
import { cephLack } from './lack.ts';
import { TestBucket } from './test-bucket.ts';

describeWherePossible('S3Store on Ceph', cephLack(), () => {
  let bucket: TestBucket;
  before(async () => {
    bucket = await TestBucket.make();
  });

  objectStoreConformance(
    'S3Store',
    () => {
      const store = bucket.freshStore();
      return { store, dispose: () => store.close() };
    },
    { keyConflicts: 'unnoticed' },
  );

  /** A store, and the requests that it sends. */
  const counting = (options: S3StoreOptions = {}) => {
    const requests: string[] = [];
    const store = bucket.freshStore({ ...options, onRequest: (operation) => requests.push(operation) });
    return { store, requests };
  };
  const keyAt = (number: number) => parseKey(`k/${number}`);
  const text = Buffer.from('x');

  test('lists more than a page, and deletes many in a request where the server stands it', async () => {
    const { store, requests } = counting({ deletes: 'together' });
    const keys = Array.from({ length: 1100 }, (_, number) => keyAt(number));
    await Promise.all(keys.map((key) => store.put(key, text)));
    requests.length = 0;
    assert.equal((await Array.fromAsync(store.list('k/'))).length, 1100);
    assert.deepEqual(requests, ['ListObjectsV2', 'ListObjectsV2']);
    await Promise.all([...keys, keyAt(5000)].map((key) => store.delete(key)));
    assert.deepEqual(requests.slice(2), ['DeleteObjects', 'DeleteObjects']);
    assert.deepEqual(await Array.fromAsync(store.list('')), []);
    await store.close();
  });

  test('deletes one by one on Ceph, which may die otherwise', async () => {
    const { store, requests } = counting();
    await store.put(keyAt(1), text);
    await Promise.all([1, 2, 3].map((number) => store.delete(keyAt(number))));
    assert.deepEqual(requests, ['PutObject', ...Array.from({ length: 3 }, () => 'DeleteObject')]);
    await store.close();
  });

  test('goes by the clock of the server when that of this machine is wrong', async () => {
    const { store, requests } = counting({ clockOffsetMs: 3_600_000 });
    assert.equal((await store.putIfAbsent(keyAt(1), text)).outcome, 'stored');
    assert.equal((await store.putIfAbsent(keyAt(1), text)).outcome, 'refused');
    assert.deepEqual(requests, ['PutObject', 'PutObject', 'PutObject']);
    await store.close();
  });

  test('writes no more to a bucket that turns out to keep versions', async () => {
    const versioned = await TestBucket.make();
    const connection = await versioned.connect();
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await connection.send((client, { PutBucketVersioningCommand }) =>
      client.send(new PutBucketVersioningCommand({ ...connection.bucket, VersioningConfiguration })),
    );
    connection.close();
    const unsuitable = { code: 'storage/unsuitable', message: /keeps versions/ };
    const store = versioned.freshStore();
    await store.putIfAbsent(keyAt(1), text);
    await assert.rejects(store.putIfAbsent(keyAt(2), text), unsuitable);
    await store.close();
  });
});
