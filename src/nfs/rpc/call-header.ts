import type { Caller } from '../../vfs/file-system.ts';
import { nfsError } from '../nfs-error.ts';
import type { XdrReader } from '../xdr/reader.ts';
import { authBytesMax, authStatus, readCredentials } from './credentials.ts';

const callMessage = 0;
/** The version of ONC RPC that is spoken. */
export const rpcVersion = 2;

/** What stands in front of a call's arguments. */
export interface CallHeader {
  readonly kind: 'call';
  readonly xid: number;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly caller: Caller;
}

/** A call whose arguments nobody looks at. */
export type RejectedCall =
  | { readonly kind: 'rpc-mismatch'; readonly xid: number }
  | { readonly kind: 'auth-error'; readonly xid: number; readonly status: number }
  /** Its header ends too early. */
  | { readonly kind: 'garbage'; readonly xid: number };

/**
 * Reads the header of a call (RFC 5531, 9), up to the arguments. Throws `nfs/record-refused` for what is no call at all,
 * and has no answer.
 */
export function readCallHeader(reader: XdrReader): CallHeader | RejectedCall {
  if (reader.remaining < 8) throw nfsError('nfs/record-refused');
  const xid = reader.uint32();
  if (reader.uint32() !== callMessage) throw nfsError('nfs/record-refused');
  try {
    return readCall(reader, xid);
  } catch (error) {
    if (error === nfsError('nfs/malformed')) return { kind: 'garbage', xid };
    throw error;
  }
}

function readCall(reader: XdrReader, xid: number): CallHeader | RejectedCall {
  if (reader.uint32() !== rpcVersion) return { kind: 'rpc-mismatch', xid };
  const program = reader.uint32();
  const version = reader.uint32();
  const procedure = reader.uint32();
  const caller = readCredentials(reader);
  if (typeof caller === 'number') return { kind: 'auth-error', xid, status: caller };
  reader.uint32();
  const verifierBytes = reader.uint32();
  if (verifierBytes > authBytesMax) return { kind: 'auth-error', xid, status: authStatus.badVerifier };
  reader.skip(verifierBytes);
  return { kind: 'call', xid, program, version, procedure, caller };
}
