import { fileBytesMax } from '../../vfs/limits.ts';
import { listingBytesPreferred, transferBytesMax } from '../limits.ts';
import type { Procedure } from '../procedure.ts';

/** FSF3_LINK, FSF3_SYMLINK, FSF3_HOMOGENEOUS, FSF3_CANSETTIME. */
const properties = 0x01 | 0x02 | 0x08 | 0x10;
/** Transfers of any size do; of whole pages they are cheapest. */
const transferBytesMultiple = 4096;

/** FSINFO: what the server can, so that clients choose their sizes. */
export const fsinfo: Procedure = {
  name: 'nfs.fsinfo',
  failure: ['attributes'],
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    const inode = call.file();
    call.describe(inode);
    const { reply } = call;
    call.fileSystem.attributes(inode);
    call.succeed();
    call.writeSubject(0);
    for (const _direction of ['read', 'write']) {
      reply.uint32(transferBytesMax);
      reply.uint32(transferBytesMax);
      reply.uint32(transferBytesMultiple);
    }
    reply.uint32(listingBytesPreferred);
    // Clients refuse at once what is beyond, which would fail only when they get to send it.
    reply.uint64(fileBytesMax);
    // Times are kept to the nanosecond.
    reply.uint32(0);
    reply.uint32(1);
    reply.uint32(properties);
    return undefined;
  },
};
