import type { Procedure } from '../procedure.ts';

/** RENAME: gives a file another name, maybe in another directory, in place of what has it. */
export const rename: Procedure = {
  name: 'nfs.rename',
  failure: ['weak', 'weak'],
  effect: 'changes',
  repeated: 'remembered',
  run(call) {
    const fromDirectory = call.file();
    call.watch(fromDirectory);
    const fromName = call.name();
    const toDirectory = call.file();
    call.watch(toDirectory);
    const toName = call.name();
    call.fileSystem.rename(call.caller, fromDirectory, fromName, toDirectory, toName);
    call.succeed();
    call.writeWeakSubject(0);
    call.writeWeakSubject(1);
    return undefined;
  },
};
