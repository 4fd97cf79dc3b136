import type { Procedure } from '../procedure.ts';

/** READLINK: where a symlink points. */
export const readlink: Procedure = {
  name: 'nfs.readlink',
  failure: ['attributes'],
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    const inode = call.file();
    call.describe(inode);
    const target = call.fileSystem.readLink(inode);
    call.succeed();
    call.writeSubject(0);
    call.reply.opaque(target);
    return undefined;
  },
};
