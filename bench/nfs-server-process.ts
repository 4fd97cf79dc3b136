import { MemoryFileSystem } from '../src/nfs/fixtures/memory-file-system.ts';
import { TestExports, testHandleKey } from '../src/nfs/fixtures/served.ts';
import { startNfsServer } from '../src/nfs/server.ts';
import type { InodeNumber } from '../src/vfs/file-system.ts';

/** A server of a file system in memory, which tells its port, and the CPU time it took so far whenever it is asked. */
const superuser = { uid: 0, gid: 0, groups: [] };
const fileSystem = new MemoryFileSystem();
const names = 1000;
let file: InodeNumber = fileSystem.root;
for (let i = 0; i < names; i++)
  file = fileSystem.create(superuser, fileSystem.root, `name-${i}`, { how: 'guarded', attributes: {} }).inode;
fileSystem.write(superuser, file, 0, [Buffer.alloc(1024 * 1024, 'x')]);

const exports = new TestExports();
exports.add('/export', fileSystem);
const server = await startNfsServer({
  exports,
  host: '127.0.0.1',
  port: 0,
  handleKey: testHandleKey,
  onError: (error) => {
    throw error;
  },
});
process.on('message', () => process.send!(process.cpuUsage()));
process.on('disconnect', () => void server.close().then(() => process.exit(0)));
process.send!(server.port);
