import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Scratch } from '../mic.ts';
import type { Lack } from '../needs.ts';

const diskBytes = 8 << 20;
const mounting = `mount -t tmpfs -o size=${diskBytes} tmpfs "$0" && exec "$@"`;

/** How this machine lets us mount a small disk that only the processes of a test see: as root, or as a root of our own. */
const unshare = [['--mount'], ['--user', '--map-root-user', '--mount']].find(
  (options) => spawnSync('unshare', [...options, 'sh', '-c', mounting, '/mnt', 'true']).status === 0,
);

export const lackOfSmallDisk: Lack =
  unshare === undefined ? 'this user may not mount a small disk' : undefined;

/** Runs the Node program `workload`, which gets as its argument the top of a disk of 8 MiB that is mounted for it alone. */
export async function runOnSmallDisk(scratch: Scratch, workload: string): Promise<void> {
  const disk = join(scratch.directory, 'disk');
  mkdirSync(disk);
  await scratch.run('unshare', [...unshare!, 'sh', '-c', mounting, disk, process.execPath, workload, disk]);
}
