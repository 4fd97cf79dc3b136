import { transferBytesMax } from '../limits.ts';
import type { Procedure } from '../procedure.ts';

/** READ: bytes of a file. */
export const read: Procedure = {
  name: 'nfs.read',
  failure: ['attributes'],
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    const inode = call.file();
    call.describe(inode);
    // No file reaches so far: whatever lies behind is its end.
    const offset = Math.min(call.arguments.uint64(), Number.MAX_SAFE_INTEGER);
    const count = Math.min(call.arguments.uint32(), transferBytesMax);
    const { pieces, length, end, release } = call.fileSystem.read(call.caller, inode, offset, count);
    call.whenSent = release;
    call.succeed();
    call.writeSubject(0);
    call.reply.uint32(length);
    call.reply.boolean(end);
    call.reply.pieces(pieces, length);
    return undefined;
  },
};
