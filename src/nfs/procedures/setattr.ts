import { readAttributeChange, readTime } from '../attributes.ts';
import type { Procedure } from '../procedure.ts';

/** SETATTR: changes what a file is, if it has not changed since the client looked. Sets sizes too. */
export const setattr: Procedure = {
  name: 'nfs.setattr',
  failure: ['weak'],
  effect: 'changes',
  repeated: 'remembered',
  run(call) {
    const inode = call.file();
    const { fileSystem } = call;
    call.watch(inode);
    const change = readAttributeChange(call.arguments);
    const guard = call.arguments.boolean() ? readTime(call.arguments) : undefined;
    fileSystem.setAttributes(call.caller, inode, change, guard);
    call.succeed();
    call.writeWeakSubject(0);
    return undefined;
  },
};
