import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { InodeNumber } from '../../vfs/file-system.ts';
import { fileSystemError } from '../../vfs/file-system-error.ts';
import { MemoryFileSystem } from '../fixtures/memory-file-system.ts';
import { type Served, serve } from '../fixtures/served.ts';
import { defaultLimits } from '../limits.ts';
import { RecordStream } from '../rpc/record-stream.ts';
import { SeededRandom } from './random.ts';
import { Traffic } from './traffic.ts';

/** What a run has found, besides that nothing broke. */
export interface FuzzReport {
  readonly records: number;
  readonly connections: number;
  /** Replies that were carried out, refused or denied, by what they say. */
  readonly replies: Readonly<Record<string, number>>;
  /** Bytes in use after a quarter of the run, and at its end. */
  readonly heapBefore: number;
  readonly heapAfter: number;
}

/** A connection that is not closed so long after its end, in ms, hangs. */
const hangMs = 20_000;
const roundsBetweenChecks = 50;
/** Rounds after which the file system is a new one, so that what grows is the server's. */
const roundsOfFileSystem = 100;
const heapGrowthMax = 32 * 1024 * 1024;

/** Bytes in use when all garbage is gone, which takes a few rounds: buffers are let go of by what refers to them. */
async function bytesInUse(collect: () => void): Promise<number> {
  for (let round = 0; round < 4; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * Sends `count` records, many of them malformed, to a server in this process. Throws when the server fails, hangs, keeps
 * memory, reports a fault of its own, or does not serve a good client any more. `report` is told how far it is.
 */
export async function fuzz(
  count: number,
  seed: number,
  report: (records: number) => void = () => {},
): Promise<FuzzReport> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const random = new SeededRandom(seed);
  const served = await serve();
  const replies: Record<string, number> = {};
  let [records, connections, heapBefore] = [0, 0, 0];
  let traffic = await newTraffic(served, random);
  try {
    while (records < count) {
      if (connections % roundsOfFileSystem === roundsOfFileSystem - 1)
        traffic = await newTraffic(served, random);
      const burst = Array.from({ length: Math.min(count - records, 1 + random.below(60)) }, () =>
        traffic.next(),
      );
      disturb(served, random);
      await send(served.server.port, burst, random, replies);
      records += burst.length;
      connections++;
      assert.deepEqual(served.errors, [], 'The server has reported a fault of its own.');
      if (connections % roundsBetweenChecks === 0) {
        await checkGoodClient(served);
        report(records);
      }
      if (heapBefore === 0 && records >= count / 4) heapBefore = await bytesInUse(collect);
    }
    await checkGoodClient(served);
    await newTraffic(served, random);
    const heapAfter = await bytesInUse(collect);
    assert.ok(
      heapAfter - heapBefore < heapGrowthMax,
      `The heap has grown from ${heapBefore} to ${heapAfter}.`,
    );
    assert.ok(served.server.metrics.connectionsOpen <= 2);
    return { records, connections, replies, heapBefore, heapAfter };
  } finally {
    await served.close();
  }
}

/** A new file system with some files, and calls that know their handles. */
async function newTraffic(served: Served, random: SeededRandom): Promise<Traffic> {
  const fileSystem = new MemoryFileSystem();
  fileSystem.fileBytesMax = 65_536;
  served.exports.fileSystems.set(served.exportId, fileSystem);
  const { client, root } = served;
  const { handle: directory } = await client.mkdir(root, 'a', { mode: 0o777 });
  const { handle: file } = await client.create(root, 'b', 1, { mode: 0o666, size: 10_000 });
  const { handle: symlink } = await client.symlink(root, 'c', 'b');
  return new Traffic(random, [root, root, directory, file, symlink, ...(await laterHandles(served))]);
}

/** Handles of files that the calls will make. */
async function laterHandles({ client, root, exports, exportId }: Served): Promise<Buffer[]> {
  const files = exports.fileSystems.get(exportId)!;
  const superuser = { uid: 0, gid: 0, groups: [] };
  for (let i = 0; i < 20; i++)
    files.create(superuser, files.root, `later-${i}`, { how: 'guarded', attributes: {} });
  const { names } = await client.readdirplus(root, 0, 65_536, 65_536);
  return names.map(({ handle }) => handle!);
}

/** Lets the file system fail now and then, as a true one does. */
function disturb({ exports, exportId }: Served, random: SeededRandom): void {
  const fileSystem = exports.fileSystems.get(exportId) as MemoryFileSystem;
  if (random.oneIn(3)) fileSystem.evict((1 + random.below(10)) as InodeNumber);
  if (random.oneIn(10)) fileSystem.flushFailure = fileSystemError('file-system/full');
  if (random.oneIn(10)) fileSystem.syncFailure = fileSystemError('file-system/io');
}

/** Sends records over a connection of their own, in chunks of any size, and waits until the server has closed it. */
async function send(
  port: number,
  burst: readonly Buffer[],
  random: SeededRandom,
  replies: Record<string, number>,
): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  readReplies(socket, replies);
  const bytes = Buffer.concat(burst);
  for (let at = 0; at < bytes.length; ) {
    const end = random.oneIn(3) ? at + 1 + random.below(2000) : bytes.length;
    socket.write(bytes.subarray(at, end));
    if (random.oneIn(4)) await new Promise(setImmediate);
    at = end;
  }
  if (random.oneIn(20)) socket.destroy();
  else socket.end();
  const how = await new Promise<'closed' | 'hangs'>((resolve) => {
    const impatience = setTimeout(resolve, hangMs, 'hangs');
    const close = (): void => {
      clearTimeout(impatience);
      resolve('closed');
    };
    if (socket.closed) close();
    else socket.once('close', close);
  });
  assert.equal(how, 'closed', 'The server does not close a connection that has ended.');
}

/** Counts the replies by what they say. Throws when one is no reply. */
function readReplies(socket: Socket, replies: Record<string, number>): void {
  const stream = new RecordStream({ ...defaultLimits, recordBytesMax: 2 * defaultLimits.recordBytesMax });
  socket.on('data', (chunk: Buffer) => {
    stream.push(chunk);
    for (let record = stream.next(); record !== undefined; record = stream.next()) {
      record.uint32();
      assert.equal(record.uint32(), 1, 'The server has sent what is no reply.');
      let what = `denied ${record.uint32()}`;
      if (what === 'denied 0') {
        record.skip(8);
        const status = record.uint32();
        what = status > 0 ? `refused ${status}` : record.remaining < 4 ? 'void' : `status ${record.uint32()}`;
      }
      replies[what] = (replies[what] ?? 0) + 1;
    }
  });
}

/** What a program does: make a file, write and read it, remove it. */
async function checkGoodClient({ client, root, exports, exportId }: Served): Promise<void> {
  const fileSystem = exports.fileSystems.get(exportId) as MemoryFileSystem;
  fileSystem.flushFailure = undefined;
  fileSystem.syncFailure = undefined;
  const { handle } = await client.create(root, 'good', 0, { mode: 0o600 });
  assert.equal((await client.write(handle, 0, Buffer.from('content'), 2)).status, 0);
  assert.equal((await client.read(handle, 0, 100)).data.toString(), 'content');
  assert.equal((await client.remove(root, 'good')).status, 0);
}
