import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { asRecord, callBytes, newXid, superuser, type WriteArguments } from '../src/nfs/fixtures/client.ts';
import { NfsClient } from '../src/nfs/fixtures/nfs-client.ts';
import { defaultLimits } from '../src/nfs/limits.ts';
import { RecordStream } from '../src/nfs/rpc/record-stream.ts';
import type { Benchmark, Row } from './measure.ts';

const calls = 100_000;
const warmUp = 20_000;
const nfs = (procedure: number) => ({ program: 100_003, version: 3, procedure });

/**
 * What one call costs the NFS server, of a file system in memory that costs nearly nothing: the CPU time of the server's
 * process, its kernel's part included, over 100,000 calls on a loopback socket.
 */
const benchmark: Benchmark = async (say) => {
  const script = fileURLToPath(new URL('./nfs-server-process.ts', import.meta.url));
  const server = fork(script, { execArgv: process.env.NFS_SERVER_OPTIONS?.split(' ') ?? [] });
  const [port] = (await once(server, 'message')) as [number];
  const cpuMicroseconds = async (): Promise<number> => {
    server.send('usage');
    const [{ user, system }] = (await once(server, 'message')) as [NodeJS.CpuUsage];
    return user + system;
  };
  const client = await NfsClient.connect(port);
  const { root } = await client.mount('/export');
  const { handle: file } = await client.lookup(root, 'name-999');
  const work: readonly (readonly [what: string, procedure: number, write: WriteArguments, aim: string])[] = [
    ['GETATTR', 1, (writer) => writer.opaque(file), 'well under 20 µs with 32 in flight'],
    [
      'LOOKUP',
      3,
      (writer) => {
        writer.opaque(root);
        writer.byteString('name-500');
      },
      '',
    ],
    [
      '32 KiB READ',
      6,
      (writer) => {
        writer.opaque(file);
        writer.uint64(65_536);
        writer.uint32(32_768);
      },
      '',
    ],
  ];
  const rows: Row[] = [];
  for (const [what, procedure, writeArguments, aim] of work) {
    const record = asRecord(callBytes(newXid(), nfs(procedure), superuser, writeArguments));
    for (const inFlight of [1, 32]) {
      say(`${calls} ${what} with ${inFlight} in flight`);
      await exchange(client, record, warmUp, inFlight);
      const before = await cpuMicroseconds();
      const started = performance.now();
      await exchange(client, record, calls, inFlight);
      const seconds = (performance.now() - started) / 1000;
      const cpu = ((await cpuMicroseconds()) - before) / calls;
      rows.push({
        what: `${what}, ${inFlight} in flight: server CPU a call`,
        value: `${cpu.toFixed(1)} µs`,
        against: `${Math.round(calls / seconds)} calls/s`,
        aim,
      });
    }
  }
  await client.close();
  server.disconnect();
  await once(server, 'exit');
  return rows;
};

/** Sends a record `count` times, `inFlight` at once, and waits for all replies. */
function exchange(client: NfsClient, record: Buffer, count: number, inFlight: number): Promise<void> {
  const { socket } = client.rpc;
  const several = Buffer.concat(Array.from({ length: inFlight }, () => record));
  return new Promise((resolve) => {
    let [sent, answered] = [inFlight, 0];
    const records = new RecordStream(defaultLimits);
    const onData = (chunk: Buffer): void => {
      records.push(chunk);
      let found = 0;
      while (records.next() !== undefined) found++;
      answered += found;
      const more = Math.min(found, count - sent);
      sent += more;
      if (more > 0) socket.write(several.subarray(0, more * record.length));
      if (answered === count) {
        socket.off('data', onData);
        resolve();
      }
    };
    socket.on('data', onData);
    socket.write(several);
  });
}

export default benchmark;
