import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { parseKey } from '../../src/storage/object-store.ts';
import { describeWherePossible } from '../needs.ts';
import { cephLack } from './lack.ts';
import { TestBucket } from './test-bucket.ts';

const hourMs = 60 * 60 * 1000;

describeWherePossible('sweeping a bucket', cephLack(), () => {
  let bucket: TestBucket;
  before(async () => {
    bucket = await TestBucket.make();
  });

  test('ends uploads that were interrupted a day ago, and no others', async () => {
    const store = bucket.store('swept');
    const connection = await bucket.connect();
    const begin = (name: string) =>
      connection.send((client, { CreateMultipartUploadCommand }) =>
        client.send(new CreateMultipartUploadCommand({ ...connection.bucket, Key: name })),
      );
    for (const name of ['swept/micelio-a/1', 'swept/micelio-a/2', 'swept/other', 'elsewhere/micelio-a/1'])
      await begin(name);
    await store.put(parseKey('micelio-a/3'), Buffer.from('whole'));
    const sweep = (beforeMs: number, mode: 'sweep' | 'dry run' = 'sweep') =>
      store.sweep('micelio-', { beforeMs, mode });
    const tomorrow = Date.now() + 24 * hourMs;
    assert.equal(await sweep(Date.now() - hourMs), 0);
    assert.equal(await sweep(tomorrow, 'dry run'), 2);
    assert.equal(await sweep(tomorrow), 2);
    assert.equal(await sweep(tomorrow), 0);
    const { Uploads = [] } = await connection.send((client, { ListMultipartUploadsCommand }) =>
      client.send(new ListMultipartUploadsCommand(connection.bucket)),
    );
    assert.deepEqual(Uploads.map(({ Key }) => Key).sort(), ['elsewhere/micelio-a/1', 'swept/other']);
    assert.ok(await store.get(parseKey('micelio-a/3')));
    connection.close();
    await store.close();
  });
});
