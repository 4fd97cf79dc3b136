import type { Procedure } from '../procedure.ts';

/** FSSTAT: how much room there is. */
export const fsstat: Procedure = {
  name: 'nfs.fsstat',
  failure: ['attributes'],
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    const inode = call.file();
    call.describe(inode);
    const { reply, fileSystem } = call;
    fileSystem.attributes(inode);
    const room = fileSystem.statistics();
    call.succeed();
    call.writeSubject(0);
    reply.uint64(room.totalBytes);
    reply.uint64(room.freeBytes);
    reply.uint64(room.freeBytes);
    reply.uint64(room.totalFiles);
    reply.uint64(room.freeFiles);
    reply.uint64(room.freeFiles);
    // It may have changed by the next moment.
    reply.uint32(0);
    return undefined;
  },
};
