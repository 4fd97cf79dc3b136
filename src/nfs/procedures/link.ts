import type { Procedure } from '../procedure.ts';

/** LINK: gives a file one name more. */
export const link: Procedure = {
  name: 'nfs.link',
  failure: ['attributes', 'weak'],
  effect: 'changes',
  repeated: 'remembered',
  run(call) {
    const inode = call.file();
    call.describe(inode);
    const directory = call.file();
    call.watch(directory);
    const name = call.name();
    const linked = call.fileSystem.link(call.caller, inode, directory, name);
    call.succeed();
    call.writeKnownAttributes(linked);
    call.writeWeakSubject(1);
    return undefined;
  },
};
