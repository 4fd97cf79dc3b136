import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NfsClient } from '../src/nfs/fixtures/nfs-client.ts';
import { startSession } from '../src/session/start.ts';
import type { ServedSession } from '../src/workspace/mount/file-server-port.ts';
import { startFileServer } from './file-server.ts';
import { type Benchmark, inScratch, median, ms, type Row, timed, times } from './measure.ts';
import { agent, makeProject } from './project.ts';

const rounds = 100;
const sessionsMax = 1000;
const pageBytes = 8192;

/**
 * From the start of a session to the first listing over NFS, at three sizes of project; and what a thousand mounted
 * sessions take in memory.
 */
const benchmark: Benchmark = async (say) => {
  const samples: number[] = [];
  let memory: Row[] = [];
  for (const size of [1_000, 100_000, 1_000_000]) {
    await inScratch(async (scratch) => {
      say(`making a project of ${size} files`);
      const store = join(scratch, 'store');
      const project = await makeProject(store, size);
      const server = await startFileServer(scratch, store);
      const startAndList = async (): Promise<ServedSession> => {
        const session = await startSession(project, { title: 'bench', goal: 'bench', agent });
        const served = await server.attach(session);
        await list(served);
        return served;
      };
      for (let i = 0; i < 10; i++) await startAndList();
      const spent: number[] = [];
      for (let i = 0; i < rounds; i++) spent.push(await timed(startAndList));
      samples.push(median(spent));
      if (size === 100_000) memory = await measureMemory(server.pid, startAndList, say);
      await server.stop();
      await delay(500);
    });
  }
  const [small, middle, large] = samples as [number, number, number];
  return [
    { what: 'session start to first `ls`, 1 k files', value: ms(small), aim: 'under 50 ms' },
    { what: 'session start to first `ls`, 100 k files', value: ms(middle), aim: 'under 50 ms' },
    {
      what: 'session start to first `ls`, 1 M files',
      value: ms(large),
      against: '1 k files',
      ratio: times(large / small),
      aim: 'flat, under 50 ms',
    },
    ...memory,
  ];
};

/** Mounts a session as a client does, and lists its top and a directory below with all attributes. */
async function list({ port, path }: ServedSession): Promise<void> {
  const client = await NfsClient.connect(port);
  try {
    const { root } = await client.mount(path);
    await client.fsinfo(root);
    await client.readdirplus(root, 0, pageBytes, pageBytes);
    const { handle } = await client.lookup(root, 'src');
    await client.readdirplus(handle, 0, pageBytes, pageBytes);
  } finally {
    await client.close();
  }
}

async function measureMemory(
  pid: number,
  startAndList: () => Promise<ServedSession>,
  say: (text: string) => void,
): Promise<Row[]> {
  say(`serving ${sessionsMax} sessions`);
  const before = residentBytes(pid);
  const served: ServedSession[] = [];
  while (served.length < sessionsMax) served.push(await startAndList());
  const after = residentBytes(pid);
  return [
    {
      what: `memory of mic-fs with ${sessionsMax} mounted sessions of 100 k files`,
      value: mebibytes(after),
      against: `a tenth of them: ${mebibytes(before)}`,
      aim: 'under 1 GiB',
    },
  ];
}

function residentBytes(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

export default benchmark;
