import type { Procedure } from '../procedure.ts';

/** NULL: does nothing, so that clients can see that the server is there. */
export const nullProcedure: Procedure = {
  name: 'mount.null',
  failure: 'nothing-fails',
  effect: 'reads',
  repeated: 'harmless',
  run: () => undefined,
};
