import type { Procedure } from '../procedure.ts';

/** COMMIT: makes what was written safe from the loss of power: all of it, whatever range is asked for. */
export const commit: Procedure = {
  name: 'nfs.commit',
  failure: ['weak'],
  effect: 'changes',
  repeated: 'harmless',
  run(call) {
    const inode = call.file();
    const { fileSystem } = call;
    call.watch(inode);
    call.arguments.uint64();
    call.arguments.uint32();
    return {
      waitFor: 'sync',
      finish: () => {
        call.succeed();
        call.writeWeakSubject(0);
        call.reply.fixed(fileSystem.writeVerifier);
      },
    };
  },
};
