import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Scratch } from '../mic.ts';
import { describeWherePossible, type Lack } from '../needs.ts';

const workload = fileURLToPath(new URL('./full-session-workload.ts', import.meta.url));
const diskBytes = 16 << 20;
const mounting = `mount -t tmpfs -o size=${diskBytes} tmpfs "$0" && exec "$@"`;

/** How this machine lets us mount a small disk that only the processes of a test see: as root, or as a root of our own. */
const unshare = [['--mount'], ['--user', '--map-root-user', '--mount']].find(
  (options) => spawnSync('unshare', [...options, 'sh', '-c', mounting, '/mnt', 'true']).status === 0,
);
const lack: Lack = unshare === undefined ? 'this user may not mount a small disk' : undefined;

describeWherePossible('a session on a full disk', lack, () => {
  test('keeps what it said is safe, refuses the rest, and goes on when there is room', async () => {
    const scratch = new Scratch('full session');
    const disk = join(scratch.directory, 'disk');
    mkdirSync(disk);
    await scratch.run('unshare', [...unshare!, 'sh', '-c', mounting, disk, process.execPath, workload, disk]);
  });
});
