import type { Procedure } from '../procedure.ts';

/** EXPORT: what can be mounted: nothing that could be listed, for a path is a secret. An empty list. */
export const exportProcedure: Procedure = {
  name: 'mount.export',
  failure: 'nothing-fails',
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    call.reply.boolean(false);
    return undefined;
  },
};
