import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/random.ts';
import { BlobStore } from '../../src/blob/blob-store.ts';
import type { ExportId } from '../../src/nfs/exports.ts';
import { startNfsServer } from '../../src/nfs/server.ts';
import { DirectoryStore } from '../../src/storage/directory/directory-store.ts';
import { NodeStore } from '../../src/tree/node-store.ts';
import { ContentCache } from '../../src/vfs/content-cache.ts';
import { openSessionFileSystem, type SessionFileSystem } from '../../src/vfs/session-file-system.ts';
import { projectKey, type SessionServerOrder } from './session-server.ts';

/** Serves sessions as it is ordered in its argument; prints its port, and ends with its standard input. */
const order: SessionServerOrder = JSON.parse(process.argv[2]!);
const surroundings = { clock: systemClock, random: systemRandom };
const blobs = new BlobStore(new DirectoryStore(join(order.directory, 'store')), projectKey, surroundings);
const content = new ContentCache(blobs, new NodeStore(blobs));
const fileSystems = new Map<string, SessionFileSystem>();
for (const { id } of order.exports) {
  const fileSystem = await openSessionFileSystem({
    directory: join(order.directory, 'overlays', id),
    content,
    base: order.tree,
    owner: { uid: 0, gid: 0, time: { seconds: 1_700_000_000, nanoseconds: 0 } },
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    ...surroundings,
  });
  fileSystems.set(id, fileSystem);
}
const server = await startNfsServer({
  exports: {
    resolve: async (path) => order.exports.find((one) => one.path === path)?.id as ExportId | undefined,
    fileSystem: (id) => fileSystems.get(id),
  },
  host: '127.0.0.1',
  port: order.port,
  handleKey: Buffer.from(order.handleKey, 'hex'),
  onError: (error, doing) => console.error(doing, error),
});
console.log(server.port);
process.stdin.resume().on('end', () => process.exit());
