import type { Procedure } from '../procedure.ts';

/** UMNTALL: a client is done with all exports. The server keeps nothing of mounts, so there is nothing to do. */
export const umntall: Procedure = {
  name: 'mount.umntall',
  failure: 'nothing-fails',
  effect: 'reads',
  repeated: 'harmless',
  run: () => undefined,
};
