import type { CreateMode } from '../../vfs/file-system.ts';
import { readAttributeChange } from '../attributes.ts';
import { nfsError } from '../nfs-error.ts';
import type { Procedure } from '../procedure.ts';
import type { XdrReader } from '../xdr/reader.ts';

/** `createmode3` of RFC 1813. */
export const createModes = { unchecked: 0, guarded: 1, exclusive: 2 } as const;

const verifierBytes = 8;

/** CREATE: makes a file, or takes the one that is there, as the mode says. */
export const create: Procedure = {
  name: 'nfs.create',
  failure: ['weak'],
  effect: 'changes',
  repeated: 'remembered',
  run(call) {
    const directory = call.file();
    call.watch(directory);
    const name = call.name();
    const mode = readCreateMode(call.arguments);
    call.writeMade(call.fileSystem.create(call.caller, directory, name, mode));
    return undefined;
  },
};

function readCreateMode(reader: XdrReader): CreateMode {
  switch (reader.uint32()) {
    case createModes.unchecked:
      return { how: 'unchecked', attributes: readAttributeChange(reader) };
    case createModes.guarded:
      return { how: 'guarded', attributes: readAttributeChange(reader) };
    case createModes.exclusive:
      // Kept with the file: a copy, so that it does not hold the memory of the whole chunk.
      return { how: 'exclusive', verifier: Uint8Array.from(reader.fixed(verifierBytes)) };
    default:
      throw nfsError('nfs/malformed');
  }
}
