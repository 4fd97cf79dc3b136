import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installRivals } from '../scripts/debian-packages.ts';
import { type ServedSessions, type ServerName, serveSessions } from '../test/mount/served-session.ts';
import { Guest } from '../test/nfs-guest/guest.ts';
import { guestLack } from '../test/nfs-guest/lack.ts';
import { allowedProcessors } from '../test/nfs-guest/user-mode-linux.ts';
import { type Benchmark, inScratch, median, medianRatio, type Row } from './measure.ts';
import {
  type Action,
  archiveFiles,
  type Group,
  groups,
  type Scale,
  sourceDirectory,
} from './mount/groups.ts';
import { makeProject, makeSources } from './mount/sources.ts';

interface Options {
  readonly rounds: number;
  readonly scale: Scale;
  /** The names of the groups to run. */
  readonly only: readonly string[] | undefined;
  /** Where both servers keep their files. On tmpfs, what the disk takes to sync is left out. */
  readonly scratch: string;
}

const servers: readonly ServerName[] = ['micelio', 'ganesha'];
const actionMs = 600_000;

/** A server with its export mounted in the guest. */
interface Mounted {
  readonly name: ServerName;
  readonly served: ServedSessions;
  readonly directory: string;
}

/**
 * A session against a directory served by nfs-ganesha with its VFS back end, both through the kernel's client, in one
 * guest and in turns. The guest has one processor, the servers the other.
 */
async function measure(options: Options, say: (text: string) => void): Promise<Row[]> {
  installRivals();
  const lack = guestLack(['fio', 'git', 'npm', 'ganesha.nfsd', 'rpcbind', 'rpcinfo']);
  if (lack !== undefined) return [{ what: 'mounts', value: `not measured: ${lack}` }];
  return inScratch(async (directory) => {
    say('making files');
    const [project, sources] = [join(directory, 'project'), join(directory, 'sources')];
    makeProject(project, options.scale);
    makeSources(sources, options.scale);
    const mounts: Mounted[] = [];
    const [processor] = allowedProcessors();
    const guest = await Guest.start({
      memoryMiB: 4096,
      shares: [{ directory: sources, at: sourceDirectory, access: 'read-only' }],
    });
    try {
      for (const server of servers) {
        const { scratch } = options;
        const served = await serveSessions({ server, files: project, processor: processor!, scratch });
        mounts.push({ name: server, served, directory: await guest.mount(served.exports[0]!) });
      }
      await inGuest(guest, makeArchive(archiveFiles(options.scale)), '/run/tmp');
      const rows: Row[] = [];
      for (const [name, group] of Object.entries(groups(options.scale))) {
        if (options.only !== undefined && !options.only.includes(name)) continue;
        say(name);
        rows.push(...(await measureGroup(guest, mounts, group, options.rounds, say)));
      }
      return rows;
    } finally {
      await guest.stop();
      for (const { served } of mounts) await served.stop();
    }
  });
}

async function measureGroup(
  guest: Guest,
  mounts: readonly Mounted[],
  group: Group,
  rounds: number,
  say: (text: string) => void,
): Promise<Row[]> {
  if (group.prepare !== undefined) {
    for (const { directory } of mounts) await inGuest(guest, group.prepare, directory);
  }
  const values = group.actions.map((): Record<ServerName, number[]> => ({ micelio: [], ganesha: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const { name, directory } of round % 2 === 0 ? mounts : mounts.toReversed()) {
      for (const [i, action] of group.actions.entries()) {
        const value = await timedInGuest(guest, action, directory);
        values[i]![name].push(value);
        say(`${name}: ${action.what}, ${action.client}: ${shown(action, value)}`);
      }
      if (group.clear !== undefined) await inGuest(guest, group.clear, directory);
    }
  }
  return group.actions.map((action, i) => row(action, values[i]!));
}

/** How fast ours is against ganesha, above 1 is faster; the median of the rounds' ratios. */
function row(action: Action, { micelio, ganesha }: Readonly<Record<ServerName, number[]>>): Row {
  const ratio = action.measure === 'seconds' ? medianRatio(ganesha, micelio) : medianRatio(micelio, ganesha);
  return {
    what: `${action.what}, ${action.client}`,
    value: shown(action, median(micelio)),
    against: `ganesha ${shown(action, median(ganesha))}`,
    ratio: `${ratio.toFixed(2)}×`,
    aim: action.aim,
  };
}

function shown({ measure: what }: Action, value: number): string {
  return what === 'seconds' ? `${value.toFixed(2)} s` : `${Math.round(value)}/s`;
}

/** What an action comes to: its seconds, by the guest's clock, or the rate that it prints. */
async function timedInGuest(guest: Guest, action: Action, directory: string): Promise<number> {
  const forget = action.client === 'cold' ? 'echo 3 > /proc/sys/vm/drop_caches' : ':';
  const out = await inGuest(
    guest,
    `sync; ${forget}
     begin=$EPOCHREALTIME
     ( ${action.script} ) > /run/tmp/printed
     echo "$begin $EPOCHREALTIME"; cat /run/tmp/printed`,
    directory,
  );
  const [times, printed] = out.split('\n');
  if (action.measure === 'rate') return Number(printed);
  const [begin, end] = times!.split(' ').map(Number);
  return end! - begin!;
}

async function inGuest(guest: Guest, script: string, directory: string): Promise<string> {
  const result = await guest.run(`set -euo pipefail\n${script}`, { directory, timeoutMs: actionMs });
  if (result.status !== 0) throw new Error(`"${script}" ended with ${result.status}: ${result.stderr}`);
  return result.stdout;
}

/** Small files of a few hundred bytes, fifty a directory, as one archive in the guest's memory. */
function makeArchive(count: number): string {
  return `/usr/bin/python3 - <<'PY'
import io, tarfile
with tarfile.open("small.tar", "w") as archive:
    for i in range(${count}):
        entry = tarfile.TarInfo(f"small/d{i // 50}/file-{i}")
        text = b"a small file\\n" * (i % 60 + 1)
        entry.size = len(text)
        entry.mtime = 1700000000 + i
        archive.addfile(entry, io.BytesIO(text))
PY`;
}

const benchmark: Benchmark = (say) =>
  measure({ rounds: 3, scale: 1, only: undefined, scratch: tmpdir() }, say);
export default benchmark;

// Alone, for a look at one thing: node bench/mount.ts --only=walk,data --rounds=1 --scale=0.1 --scratch=/dev/shm
if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      scale: { type: 'string', default: '1' },
      scratch: { type: 'string', default: tmpdir() },
    },
  });
  mkdirSync(values.scratch, { recursive: true });
  const rows = await measure(
    { ...values, rounds: Number(values.rounds), scale: Number(values.scale), only: values.only?.split(',') },
    (text) => console.error(text),
  );
  console.table(rows);
}
