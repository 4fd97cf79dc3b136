import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { fileSystemError, NotResident } from '../vfs/file-system-error.ts';
import {
  asRecord,
  callBytes,
  newXid,
  RpcClient,
  readAccepted,
  superuser,
  type WriteArguments,
} from './fixtures/client.ts';
import { MemoryFileSystem } from './fixtures/memory-file-system.ts';
import { NfsClient } from './fixtures/nfs-client.ts';
import { type Served, serve } from './fixtures/served.ts';
import type { XdrReader } from './xdr/reader.ts';

let served: Served;
beforeEach(async () => {
  served = await serve();
});
afterEach(() => served.close());

const nfs = (procedure: number) => ({ program: 100_003, version: 3, procedure });
const makeDirectory =
  (directory: Buffer, name: string): WriteArguments =>
  (writer) => {
    writer.opaque(directory);
    writer.byteString(name);
    for (let i = 0; i < 6; i++) writer.uint32(0);
  };

interface Prepared {
  readonly xid: number;
  readonly bytes: Buffer;
}

function prepare(procedure: number, writeArguments: WriteArguments): Prepared {
  const xid = newXid();
  return { xid, bytes: asRecord(callBytes(xid, nfs(procedure), superuser, writeArguments)) };
}

/** Sends calls at once, and gives the results of each. */
async function sendTogether(rpc: RpcClient, calls: readonly Prepared[]): Promise<XdrReader[]> {
  const replies = calls.map(({ xid }) => rpc.reply(xid));
  rpc.send(Buffer.concat(calls.map(({ bytes }) => bytes)));
  const results = await Promise.all(replies);
  results.forEach(readAccepted);
  return results;
}

const statuses = (results: readonly XdrReader[]): number[] => results.map((one) => one.uint32());

describe('calls that come together', () => {
  test('are flushed once, and not at all where nothing was changed', async () => {
    const make = (name: string) => prepare(9, makeDirectory(served.root, name));
    await sendTogether(served.client.rpc, [make('a'), make('b'), make('c')]);
    assert.equal(served.fileSystem.flushes, 1);
    const look = () => prepare(1, (writer) => writer.opaque(served.root));
    await sendTogether(served.client.rpc, [look(), look()]);
    assert.equal(served.fileSystem.flushes, 1);
    // One that fails may have failed half-way.
    assert.deepEqual(statuses(await sendTogether(served.client.rpc, [make('a')])), [17]);
    assert.equal(served.fileSystem.flushes, 2);
  });

  test('all fail when their file system cannot flush, and those of another do not', async () => {
    const other = new MemoryFileSystem();
    served.exports.add('/other', other);
    const { root: otherRoot } = await served.client.mount('/other');
    served.fileSystem.flushFailure = fileSystemError('file-system/full');
    const results = await sendTogether(served.client.rpc, [
      prepare(9, makeDirectory(otherRoot, 'a')),
      prepare(9, makeDirectory(served.root, 'a')),
      prepare(1, (writer) => writer.opaque(otherRoot)),
      prepare(1, (writer) => writer.opaque(served.root)),
      prepare(7, (writer) => {
        writer.opaque(served.root);
        writer.uint64(0);
        for (const word of [0, 2, 0]) writer.uint32(word);
      }),
      prepare(21, (writer) => {
        writer.opaque(served.root);
        writer.uint64(0);
        writer.uint32(0);
      }),
    ]);
    // The WRITE to a directory fails by itself; the COMMIT would have succeeded.
    assert.deepEqual(statuses(results), [0, 28, 0, 28, 28, 28]);
    assert.equal(served.fileSystem.syncs, 0);
  });

  test('that sync, sync together', async () => {
    const { handle } = await served.client.create(served.root, 'file', 1);
    const commit = () =>
      prepare(21, (writer) => {
        writer.opaque(handle);
        writer.uint64(0);
        writer.uint32(0);
      });
    const results = await sendTogether(served.client.rpc, [commit(), commit(), commit()]);
    assert.deepEqual(statuses(results), [0, 0, 0]);
    assert.equal(served.fileSystem.syncs, 1);
  });

  test('are answered whatever fails among them', async () => {
    served.fileSystem.statistics = () => {
      throw new TypeError('a bug');
    };
    const results = await sendTogether(served.client.rpc, [
      prepare(18, (writer) => writer.opaque(served.root)),
      prepare(1, (writer) => writer.opaque(served.root)),
      prepare(3, (writer) => {
        writer.opaque(served.root);
        writer.byteString('nothing');
      }),
    ]);
    assert.deepEqual(statuses(results), [10006, 0, 2]);
    assert.match(String(served.errors), /a bug/);
  });
});

describe('a call that needs what is not in memory', () => {
  test('waits for it while others go on', async () => {
    const { handle, attributes } = await served.client.create(served.root, 'cold', 1);
    let arrive = (): void => {};
    const inode = attributes!.inode as Parameters<MemoryFileSystem['evict']>[0];
    served.fileSystem.absent.set(
      inode,
      new Promise<void>((resolve) => {
        arrive = resolve;
      }).then(() => served.fileSystem.absent.delete(inode)),
    );
    const cold = served.client.getattr(handle);
    assert.equal((await served.client.getattr(served.root)).status, 0);
    arrive();
    assert.equal((await cold).attributes?.inode, attributes!.inode);
  });

  test('asks the client to come again when it never comes', async () => {
    let asked = 0;
    served.fileSystem.attributes = () => {
      asked++;
      throw new NotResident(asked < 100 ? Promise.resolve() : Promise.reject(new Error('too late')));
    };
    assert.equal((await served.client.getattr(served.root)).status, 10008);
    assert.equal(asked, 100);
  });

  test('fails when it cannot be had', async () => {
    const { fileSystem } = served;
    fileSystem.attributes = () => {
      throw new NotResident(Promise.reject(new Error('the store is gone')));
    };
    assert.equal((await served.client.getattr(served.root)).status, 5);
    assert.match(inspect(served.errors), /the store is gone/);
  });

  test('is told of even when it had changed something', async () => {
    const { fileSystem } = served;
    const attributes = fileSystem.attributes.bind(fileSystem);
    let calls = 0;
    fileSystem.attributes = (inode) => {
      if (++calls > 1) throw new NotResident(Promise.reject(new Error('nobody waits for this')));
      return attributes(inode);
    };
    const made = await served.client.mkdir(served.root, 'once');
    assert.equal(made.status, 0);
    assert.equal(made.directory.after, undefined);
    fileSystem.attributes = attributes;
  });
});

describe('a call that comes twice', () => {
  test('over another connection gets the answer of the first', async () => {
    const call = prepare(9, makeDirectory(served.root, 'directory'));
    const [first] = await sendTogether(served.client.rpc, [call]);
    await served.client.rpc.close();
    const again = await RpcClient.connect(served.server.port);
    const [second] = await sendTogether(again, [call]);
    assert.deepEqual(second!.record(), first!.record());
    assert.deepEqual(statuses([first!, second!]), [0, 0]);
    assert.equal(served.server.metrics.duplicates, 1);
    // With another xid it is another call.
    assert.equal((await new NfsClient(again).mkdir(served.root, 'directory')).status, 17);
    await again.close();
  });

  test('waits for the first while that is under way, also when its connection is gone', async () => {
    let arrive = (): void => {};
    const inode = served.fileSystem.root;
    served.fileSystem.absent.set(
      inode,
      new Promise<void>((resolve) => {
        arrive = resolve;
      }).then(() => served.fileSystem.absent.delete(inode)),
    );
    const call = prepare(9, makeDirectory(served.root, 'directory'));
    served.client.rpc.send(call.bytes);
    const again = await RpcClient.connect(served.server.port);
    const second = sendTogether(again, [call]);
    while (served.server.metrics.duplicates === 0) await new Promise(setImmediate);
    await served.client.rpc.close();
    arrive();
    assert.deepEqual(statuses(await second), [0]);
    const client = new NfsClient(again);
    assert.equal((await client.readdir(served.root, 2, 1000)).names.length, 1);
    await client.close();
  });

  test('is carried out the second time when the first could not be flushed', async () => {
    served.fileSystem.flushFailure = fileSystemError('file-system/io');
    const call = prepare(8, (writer) => {
      writer.opaque(served.root);
      writer.byteString('file');
      for (let i = 0; i < 7; i++) writer.uint32(0);
    });
    assert.deepEqual(statuses(await sendTogether(served.client.rpc, [call])), [5]);
    assert.deepEqual(statuses(await sendTogether(served.client.rpc, [call])), [0]);
  });

  test('is harmless where it only reads', async () => {
    const call = prepare(1, (writer) => writer.opaque(served.root));
    await sendTogether(served.client.rpc, [call]);
    await sendTogether(served.client.rpc, [call]);
    assert.equal(served.server.metrics.duplicates, 0);
  });
});

describe('what is no call for us', () => {
  const refusal = async (program: number, version: number, procedure: number): Promise<number[]> => {
    const reply = await served.client.rpc.callRaw({ program, version, procedure }, superuser);
    return Array.from({ length: reply.remaining / 4 }, () => reply.uint32());
  };

  test('is answered with what is wrong', async () => {
    assert.deepEqual(await refusal(100_000, 2, 3), [1, 0, 0, 0, 1]);
    assert.deepEqual(await refusal(100_003, 4, 0), [1, 0, 0, 0, 2, 3, 3]);
    assert.deepEqual(await refusal(100_005, 1, 0), [1, 0, 0, 0, 2, 3, 3]);
    assert.deepEqual(await refusal(100_003, 3, 22), [1, 0, 0, 0, 3]);
    assert.deepEqual(await refusal(100_003, 3, 2 ** 32 - 1), [1, 0, 0, 0, 3]);
    assert.deepEqual(await refusal(100_003, 3, 1), [1, 0, 0, 0, 4]);
    assert.equal((await served.client.getattr(served.root)).status, 0);
  });

  test('closes the connection where it has no answer', async () => {
    for (const bytes of [
      asRecord(Buffer.alloc(4)),
      asRecord(Buffer.from('0000000100000001', 'hex')),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    ]) {
      const client = await RpcClient.connect(served.server.port);
      client.send(bytes);
      await client.closed;
    }
    assert.equal(served.server.metrics.connectionsDropped, 3);
    assert.equal((await served.client.getattr(served.root)).status, 0);
  });
});
