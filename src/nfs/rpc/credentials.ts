import type { Caller } from '../../vfs/file-system.ts';
import { nfsError } from '../nfs-error.ts';
import type { XdrReader } from '../xdr/reader.ts';

/** The kinds of credentials (RFC 5531, 8.2) that are taken. */
export const authFlavor = { none: 0, sys: 1 } as const;

/** Bytes that credentials and verifiers may have. */
export const authBytesMax = 400;

/** Why credentials are not taken: `auth_stat` of RFC 5531. */
export const authStatus = { badCredentials: 1, rejectedCredentials: 2, badVerifier: 3 } as const;

const machineNameBytesMax = 255;
const groupsMax = 16;

/** Who calls without saying who. */
export const nobody: Caller = { uid: 65534, gid: 65534, groups: [] };

/**
 * Reads credentials: the caller, or the status that says why they are not taken. Bytes that end too early are
 * `nfs/malformed`.
 */
export function readCredentials(reader: XdrReader): Caller | number {
  const flavor = reader.uint32();
  const length = reader.uint32();
  if (length > authBytesMax) return authStatus.badCredentials;
  const before = reader.remaining;
  if (((length + 3) & ~3) > before) throw nfsError('nfs/malformed');
  if (flavor === authFlavor.sys) return readSysCredentials(reader, before, length);
  reader.skip(length);
  return flavor === authFlavor.none ? nobody : authStatus.rejectedCredentials;
}

function readSysCredentials(reader: XdrReader, before: number, length: number): Caller | number {
  // Stamp, length of the name, uid, gid, number of groups.
  if (length < 20) return authStatus.badCredentials;
  reader.int32();
  const nameBytes = reader.uint32();
  if (nameBytes > machineNameBytesMax || ((nameBytes + 3) & ~3) > length - 20)
    return authStatus.badCredentials;
  reader.skip(nameBytes);
  const uid = reader.uint32();
  const gid = reader.uint32();
  const count = reader.uint32();
  if (count > groupsMax || before - reader.remaining + 4 * count !== length) return authStatus.badCredentials;
  const groups: number[] = [];
  for (let i = 0; i < count; i++) groups.push(reader.uint32());
  return { uid, gid, groups };
}
