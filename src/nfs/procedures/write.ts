import { fileSystemError } from '../../vfs/file-system-error.ts';
import { transferBytesMax } from '../limits.ts';
import { nfsError } from '../nfs-error.ts';
import type { Procedure } from '../procedure.ts';

/** `stable_how` of RFC 1813. */
export const stability = { unstable: 0, dataSync: 1, fileSync: 2 } as const;

/** WRITE: puts bytes into a file, and waits until they are safe from the loss of power where the client asks for it. */
export const write: Procedure = {
  name: 'nfs.write',
  failure: ['weak'],
  effect: 'changes',
  repeated: 'harmless',
  run(call) {
    const inode = call.file();
    const { fileSystem } = call;
    call.watch(inode);
    const offset = call.arguments.uint64();
    const count = call.arguments.uint32();
    const asked = call.arguments.uint32();
    if (asked > stability.fileSync) throw nfsError('nfs/malformed');
    const length = call.arguments.length(transferBytesMax);
    const pieces = call.arguments.pieces(length);
    if (length !== count) throw fileSystemError('file-system/invalid');
    if (offset + length > Number.MAX_SAFE_INTEGER) throw fileSystemError('file-system/file-too-large');
    fileSystem.write(call.caller, inode, offset, pieces);
    const finish = (): void => {
      call.succeed();
      call.writeWeakSubject(0);
      call.reply.uint32(length);
      call.reply.uint32(asked === stability.unstable ? stability.unstable : stability.fileSync);
      call.reply.fixed(fileSystem.writeVerifier);
    };
    if (asked !== stability.unstable) return { waitFor: 'sync', finish };
    finish();
    return undefined;
  },
};
