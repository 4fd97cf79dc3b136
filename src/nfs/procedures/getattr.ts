import type { Procedure } from '../procedure.ts';

/** GETATTR: what a file is. */
export const getattr: Procedure = {
  name: 'nfs.getattr',
  failure: [],
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    const inode = call.file();
    const attributes = call.fileSystem.attributes(inode);
    call.succeed();
    call.writeAttributes(attributes);
    return undefined;
  },
};
