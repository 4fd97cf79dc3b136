import { readAttributeChange } from '../attributes.ts';
import type { Procedure } from '../procedure.ts';

/** MKDIR: makes a directory. */
export const mkdir: Procedure = {
  name: 'nfs.mkdir',
  failure: ['weak'],
  effect: 'changes',
  repeated: 'remembered',
  run(call) {
    const directory = call.file();
    call.watch(directory);
    const name = call.name();
    const attributes = readAttributeChange(call.arguments);
    call.writeMade(call.fileSystem.makeDirectory(call.caller, directory, name, attributes));
    return undefined;
  },
};
