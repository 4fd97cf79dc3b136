import type { Procedure } from '../procedure.ts';

/** RMDIR: removes an empty directory. */
export const rmdir: Procedure = {
  name: 'nfs.rmdir',
  failure: ['weak'],
  effect: 'changes',
  repeated: 'remembered',
  run(call) {
    const directory = call.file();
    call.watch(directory);
    const name = call.name();
    call.fileSystem.removeDirectory(call.caller, directory, name);
    call.succeed();
    call.writeWeakSubject(0);
    return undefined;
  },
};
