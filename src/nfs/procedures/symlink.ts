import { fileSystemError } from '../../vfs/file-system-error.ts';
import { readAttributeChange } from '../attributes.ts';
import { pathBytesMax, transferBytesMax } from '../limits.ts';
import type { Procedure } from '../procedure.ts';

/** SYMLINK: makes a symlink. */
export const symlink: Procedure = {
  name: 'nfs.symlink',
  failure: ['weak'],
  effect: 'changes',
  repeated: 'remembered',
  run(call) {
    const directory = call.file();
    call.watch(directory);
    const name = call.name();
    const attributes = readAttributeChange(call.arguments);
    const target = Uint8Array.from(call.arguments.opaque(transferBytesMax));
    if (target.length > pathBytesMax) throw fileSystemError('file-system/name-too-long');
    call.writeMade(call.fileSystem.makeSymlink(call.caller, directory, name, target, attributes));
    return undefined;
  },
};
