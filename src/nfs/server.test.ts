import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { asRecord, callBytes, newXid, RpcClient, superuser } from './fixtures/client.ts';
import { NfsClient } from './fixtures/nfs-client.ts';
import { serve, testHandleKey } from './fixtures/served.ts';
import { startNfsServer } from './server.ts';

const target = (procedure: number) => ({ program: 100_003, version: 3, procedure });

function unexpected(error: unknown): void {
  throw error;
}

describe('a server', () => {
  test('that is started again knows the handles of the one before', async () => {
    const served = await serve();
    const { handle } = await served.client.create(served.root, 'file', 1);
    await served.close();
    const { exports } = served;
    const options = { exports, host: '127.0.0.1', port: 0, onError: unexpected };
    const again = await startNfsServer({ ...options, handleKey: testHandleKey });
    const client = await NfsClient.connect(again.port);
    assert.equal((await client.getattr(handle)).status, 0);
    await client.close();
    await again.close();
    const other = await startNfsServer({ ...options, handleKey: Buffer.alloc(32, 8) });
    const stranger = await NfsClient.connect(other.port);
    assert.equal((await stranger.getattr(handle)).status, 10001);
    await stranger.close();
    await other.close();
  });

  test('says so when its port is taken', async () => {
    const served = await serve();
    const { exports, server } = served;
    const { port } = server;
    await assert.rejects(
      startNfsServer({ exports, host: '127.0.0.1', port, handleKey: testHandleKey, onError: unexpected }),
      { code: 'EADDRINUSE' },
    );
    await served.close();
  });

  test('that closes answers what is under way, and waits no longer than it is told', async () => {
    const served = await serve({ closeMs: 50 });
    const { handle } = await served.client.create(served.root, 'file', 1);
    const commit = served.client.commit(handle);
    while (served.fileSystem.syncs === 0) await new Promise(setImmediate);
    const closed = served.server.close();
    assert.equal((await commit).status, 0);
    await closed;

    const stuck = await serve({ closeMs: 50 });
    stuck.fileSystem.sync = () => new Promise(() => {});
    const never = assert.rejects(stuck.client.commit(stuck.root), /closed/);
    while (stuck.server.metrics.calls['nfs.commit'] === undefined) await new Promise(setImmediate);
    await stuck.server.close();
    await never;
  });

  test('has so many connections and no more', async () => {
    const served = await serve({ connectionsMax: 3 });
    const clients = [
      await RpcClient.connect(served.server.port),
      await RpcClient.connect(served.server.port),
    ];
    const refused = new RpcClient(connect({ port: served.server.port, host: '127.0.0.1' }));
    await refused.closed;
    const { metrics } = served.server;
    assert.deepEqual([metrics.connectionsOpen, metrics.connectionsRefused], [3, 1]);
    await clients[0]!.close();
    while (metrics.connectionsOpen === 3) await new Promise(setImmediate);
    const taken = await NfsClient.connect(served.server.port);
    assert.equal((await taken.getattr(served.root)).status, 0);
    await taken.close();
    await clients[1]!.close();
    await served.close();
  });

  test('has so many connections of one address and no more', async () => {
    const served = await serve({ connectionsPerAddressMax: 1 });
    const refused = new RpcClient(connect({ port: served.server.port, host: '127.0.0.1' }));
    await refused.closed;
    const elsewhere = connect({ port: served.server.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    await once(elsewhere, 'connect');
    while (served.server.metrics.connectionsAccepted < 2) await new Promise(setImmediate);
    elsewhere.destroy();
    await served.close();
  });
});

describe('a connection', () => {
  test('whose client does not take its replies is not listened to', async () => {
    const served = await serve({ replyBytesWaitingMax: 2 ** 20 });
    const { handle } = await served.client.create(served.root, 'large', 1, { size: 2 ** 20 });
    const client = await RpcClient.connect(served.server.port);
    client.socket.pause();
    const xids = Array.from({ length: 64 }, newXid);
    const replies = xids.map((xid) => client.reply(xid));
    for (const xid of xids) {
      const read = callBytes(xid, target(6), superuser, (writer) => {
        writer.opaque(handle);
        writer.uint64(0);
        writer.uint32(2 ** 20);
      });
      client.send(asRecord(read));
    }
    const { calls } = served.server.metrics;
    while ((calls['nfs.read'] ?? 0) < 2) await new Promise(setImmediate);
    // Another client is served meanwhile, and the reads have stopped at the bound and what the kernel holds.
    for (let i = 0; i < 200; i++) await served.client.getattr(served.root);
    assert.ok(calls['nfs.read']! < 30, `${calls['nfs.read']} reads`);
    client.socket.resume();
    for (const reply of await Promise.all(replies)) assert.ok(reply.remaining > 2 ** 20);
    assert.equal(calls['nfs.read'], 64);
    await client.close();
    await served.close();
  });

  test('has so many calls under way and no more', async () => {
    const served = await serve({ callsInFlightMax: 4 });
    const { fileSystem, client } = served;
    let sync = (): void => {};
    const synced = new Promise<void>((resolve) => {
      sync = resolve;
    });
    fileSystem.sync = () => synced;
    const commits = Array.from({ length: 20 }, () => client.commit(served.root));
    const other = await NfsClient.connect(served.server.port);
    for (let i = 0; i < 100; i++) await other.getattr(served.root);
    assert.equal(served.server.metrics.calls['nfs.commit'], 4);
    sync();
    for (const { status } of await Promise.all(commits)) assert.equal(status, 0);
    await other.close();
    await served.close();
  });

  test('that owes something and does not move is closed; one that owes nothing is not', async () => {
    const served = await serve({ sweepMs: 5, idleSweepsMax: 2 });
    await served.client.getattr(served.root);
    const silent = await RpcClient.connect(served.server.port);
    const halfway = await NfsClient.connect(served.server.port);
    await halfway.getattr(served.root);
    halfway.rpc.send(asRecord(Buffer.alloc(100)).subarray(0, 50));
    await Promise.all([silent.closed, halfway.rpc.closed]);
    assert.equal(served.server.metrics.connectionsDropped, 2);
    assert.equal((await served.client.getattr(served.root)).status, 0);
    await served.close();
  });

  test('in which the server fails is closed, and no other', async () => {
    const served = await serve();
    const victim = await NfsClient.connect(served.server.port);
    const { metrics } = served.server;
    metrics.count = () => {
      throw new TypeError('a bug');
    };
    await assert.rejects(victim.getattr(served.root), /closed/);
    Reflect.deleteProperty(metrics, 'count');
    assert.match(String(served.errors), /a bug/);
    assert.equal((await served.client.getattr(served.root)).status, 0);
    await served.close();
  });

  test('that is reset hurts nobody', async () => {
    const served = await serve();
    const client = await RpcClient.connect(served.server.port);
    client.send(asRecord(callBytes(newXid(), target(1), superuser, (writer) => writer.opaque(served.root))));
    client.socket.resetAndDestroy();
    await client.closed;
    assert.equal((await served.client.getattr(served.root)).status, 0);
    assert.deepEqual(served.errors, []);
    await served.close();
  });
});
