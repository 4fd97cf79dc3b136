import { attributesBytes } from '../attributes.ts';
import { handleBytes } from '../file-handle.ts';
import { transferBytesMax } from '../limits.ts';
import { cookieVerifier, listedNameBytes, listingFrameBytes, readCookie } from '../listing.ts';
import { nfsError } from '../nfs-error.ts';
import type { Procedure } from '../procedure.ts';

/** Bytes that a name costs more than in a READDIR: its attributes and its handle. */
const plusBytes = 4 + attributesBytes + 4 + 4 + handleBytes;

/** READDIRPLUS: the names in a directory with what each file is, so that nobody has to look them up one by one. */
export const readdirplus: Procedure = {
  name: 'nfs.readdirplus',
  failure: ['attributes'],
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    const directory = call.file();
    call.describe(directory);
    const after = readCookie(call.arguments);
    let nameRoom = call.arguments.uint32();
    let room = Math.min(call.arguments.uint32(), transferBytesMax) - listingFrameBytes;
    const { reply } = call;
    call.succeed();
    call.writeSubject(0);
    reply.fixed(cookieVerifier);
    let listed = 0;
    const state = call.fileSystem.list(call.caller, directory, after, ({ cookie, name, attributes }) => {
      const bytes = listedNameBytes(name);
      nameRoom -= bytes;
      room -= bytes + plusBytes;
      if (nameRoom < 0 || room < 0) return false;
      listed++;
      reply.uint32(1);
      reply.uint64(attributes.inode);
      reply.byteString(name);
      reply.uint64(cookie);
      call.writeKnownAttributes(attributes);
      reply.uint32(1);
      call.writeHandle(attributes.inode);
      return true;
    });
    if (listed === 0 && (state === 'more' || room < 0)) throw nfsError('nfs/too-small');
    reply.uint32(0);
    reply.boolean(state === 'end');
    return undefined;
  },
};
