import { accessBits, type FileType } from '../../vfs/file-system.ts';
import type { Procedure } from '../procedure.ts';

/** What a client asks for: ACCESS3_READ and so on. */
export const accessRights = { read: 1, lookup: 2, modify: 4, extend: 8, delete: 16, execute: 32 } as const;

interface Need {
  readonly right: number;
  readonly bits: number;
}

/**
 * To change a directory takes the right to search it as well, and the calls that do so look for both. Here the bits are
 * told apart, for clients make of the answer what `access` says of each.
 */
const ofDirectories: readonly Need[] = [
  { right: accessRights.read, bits: accessBits.read },
  { right: accessRights.lookup, bits: accessBits.execute },
  { right: accessRights.modify, bits: accessBits.write },
  { right: accessRights.extend, bits: accessBits.write },
  { right: accessRights.delete, bits: accessBits.write },
];

/** Files, and whatever else is not a directory. Nobody can look up or delete in them. */
const ofOthers: readonly Need[] = [
  { right: accessRights.read, bits: accessBits.read },
  { right: accessRights.modify, bits: accessBits.write },
  { right: accessRights.extend, bits: accessBits.write },
  { right: accessRights.execute, bits: accessBits.execute },
];

/** The permission bits that the `asked` rights need, all together. */
export function bitsWanted(type: FileType, asked: number): number {
  let wanted = 0;
  for (const { right, bits } of type === 'directory' ? ofDirectories : ofOthers)
    if ((asked & right) !== 0) wanted |= bits;
  return wanted;
}

/** Those of the `asked` rights that `bits` give. */
export function rightsGiven(type: FileType, asked: number, bits: number): number {
  let given = 0;
  for (const need of type === 'directory' ? ofDirectories : ofOthers)
    if ((asked & need.right) !== 0 && (bits & need.bits) === need.bits) given |= need.right;
  return given;
}

/** ACCESS: which of some rights the caller has. */
export const access: Procedure = {
  name: 'nfs.access',
  failure: ['attributes'],
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    const inode = call.file();
    call.describe(inode);
    const asked = call.arguments.uint32();
    const { fileSystem } = call;
    const attributes = fileSystem.attributes(inode);
    const changeable = fileSystem.mode === 'read-only' ? ~accessBits.write : -1;
    const wanted = bitsWanted(attributes.type, asked) & changeable;
    const bits = fileSystem.access(call.caller, inode, wanted) & changeable;
    call.succeed();
    call.writeKnownAttributes(attributes);
    call.reply.uint32(rightsGiven(attributes.type, asked, bits));
    return undefined;
  },
};
