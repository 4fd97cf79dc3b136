import type { Procedure } from '../procedure.ts';

/** LOOKUP: the file of a name in a directory. */
export const lookup: Procedure = {
  name: 'nfs.lookup',
  failure: ['attributes'],
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    const directory = call.file();
    call.describe(directory);
    const name = call.name();
    const found = call.fileSystem.lookup(call.caller, directory, name);
    call.succeed();
    call.writeHandle(found.inode);
    call.writeKnownAttributes(found);
    call.writeSubject(0);
    return undefined;
  },
};
