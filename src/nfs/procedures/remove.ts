import type { Procedure } from '../procedure.ts';

/** REMOVE: removes a name of anything but a directory. */
export const remove: Procedure = {
  name: 'nfs.remove',
  failure: ['weak'],
  effect: 'changes',
  repeated: 'remembered',
  run(call) {
    const directory = call.file();
    call.watch(directory);
    const name = call.name();
    call.fileSystem.remove(call.caller, directory, name);
    call.succeed();
    call.writeWeakSubject(0);
    return undefined;
  },
};
