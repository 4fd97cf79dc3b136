import { linksMax } from '../../vfs/limits.ts';
import { nameBytesMax } from '../limits.ts';
import type { Procedure } from '../procedure.ts';

/** PATHCONF: what POSIX wants to know of a file system. */
export const pathconf: Procedure = {
  name: 'nfs.pathconf',
  failure: ['attributes'],
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    const inode = call.file();
    call.describe(inode);
    const { reply } = call;
    call.fileSystem.attributes(inode);
    call.succeed();
    call.writeSubject(0);
    reply.uint32(linksMax);
    reply.uint32(nameBytesMax);
    const noTruncation = true;
    const ownersRestricted = true;
    const caseInsensitive = false;
    const casePreserving = true;
    for (const property of [noTruncation, ownersRestricted, caseInsensitive, casePreserving])
      reply.boolean(property);
    return undefined;
  },
};
