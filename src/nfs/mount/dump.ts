import type { Procedure } from '../procedure.ts';

/** DUMP: who has mounted what: it is nobody's business, and not recorded. An empty list. */
export const dumpProcedure: Procedure = {
  name: 'mount.dump',
  failure: 'nothing-fails',
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    call.reply.boolean(false);
    return undefined;
  },
};
