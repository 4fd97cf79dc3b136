import type { XdrWriter } from '../xdr/writer.ts';
import { type RejectedCall, rpcVersion } from './call-header.ts';

const replyMessage = 1;
const accepted = 0;
const denied = 1;
const rpcMismatch = 0;
const authError = 1;
const success = 0;

/** What is answered to a call that was accepted and not carried out: `accept_stat` of RFC 5531. */
export const acceptStatus = {
  programUnavailable: 1,
  programMismatch: 2,
  procedureUnavailable: 3,
  garbageArguments: 4,
  systemError: 5,
} as const;

function writeAccepted(writer: XdrWriter, xid: number, status: number): void {
  writer.uint32(xid);
  writer.uint32(replyMessage);
  writer.uint32(accepted);
  // The verifier: AUTH_NONE, and nothing in it.
  writer.uint32(0);
  writer.uint32(0);
  writer.uint32(status);
}

/** Begins the reply to a call that was carried out. Its results follow. */
export function writeSuccess(writer: XdrWriter, xid: number): void {
  writeAccepted(writer, xid, success);
}

/** Writes the reply to a call that was not carried out. */
export function writeRefusal(
  writer: XdrWriter,
  xid: number,
  status: Exclude<(typeof acceptStatus)[keyof typeof acceptStatus], (typeof acceptStatus)['programMismatch']>,
): void {
  writeAccepted(writer, xid, status);
}

/** Writes that there is this program, but only in `version`. */
export function writeProgramMismatch(writer: XdrWriter, xid: number, version: number): void {
  writeAccepted(writer, xid, acceptStatus.programMismatch);
  writer.uint32(version);
  writer.uint32(version);
}

/** Writes the reply to a call whose header was not taken. */
export function writeRejection(writer: XdrWriter, rejected: RejectedCall): void {
  if (rejected.kind === 'garbage') {
    writeRefusal(writer, rejected.xid, acceptStatus.garbageArguments);
    return;
  }
  writer.uint32(rejected.xid);
  writer.uint32(replyMessage);
  writer.uint32(denied);
  if (rejected.kind === 'rpc-mismatch') {
    writer.uint32(rpcMismatch);
    writer.uint32(rpcVersion);
    writer.uint32(rpcVersion);
  } else {
    writer.uint32(authError);
    writer.uint32(rejected.status);
  }
}
