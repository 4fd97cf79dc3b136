import { mountPathBytesMax } from '../limits.ts';
import type { Procedure } from '../procedure.ts';

/** UMNT: a client is done with an export. The server keeps nothing of mounts, so there is nothing to do. */
export const umnt: Procedure = {
  name: 'mount.umnt',
  failure: 'nothing-fails',
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    call.arguments.opaque(mountPathBytesMax);
    return undefined;
  },
};
