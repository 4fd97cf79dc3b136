import { transferBytesMax } from '../limits.ts';
import { cookieVerifier, listedNameBytes, listingFrameBytes, readCookie } from '../listing.ts';
import { nfsError } from '../nfs-error.ts';
import type { Procedure } from '../procedure.ts';

/** READDIR: the names in a directory, as many as the client takes. */
export const readdir: Procedure = {
  name: 'nfs.readdir',
  failure: ['attributes'],
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    const directory = call.file();
    call.describe(directory);
    const after = readCookie(call.arguments);
    let room = Math.min(call.arguments.uint32(), transferBytesMax) - listingFrameBytes;
    const { reply } = call;
    call.succeed();
    call.writeSubject(0);
    reply.fixed(cookieVerifier);
    let listed = 0;
    const state = call.fileSystem.list(call.caller, directory, after, ({ cookie, name, attributes }) => {
      room -= listedNameBytes(name);
      if (room < 0) return false;
      listed++;
      reply.uint32(1);
      reply.uint64(attributes.inode);
      reply.byteString(name);
      reply.uint64(cookie);
      return true;
    });
    if (listed === 0 && (state === 'more' || room < 0)) throw nfsError('nfs/too-small');
    reply.uint32(0);
    reply.boolean(state === 'end');
    return undefined;
  },
};
