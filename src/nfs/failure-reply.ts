import type { Call } from './call.ts';
import type { NfsMetrics } from './metrics.ts';
import { nfsError } from './nfs-error.ts';
import { acceptStatus, writeRefusal, writeSuccess } from './rpc/reply.ts';
import { statusOf, statusOfCode } from './status.ts';
import type { XdrWriter } from './xdr/writer.ts';

/** Whom failures are told. */
export interface FailureListeners {
  readonly metrics: NfsMetrics;
  readonly onError: (error: unknown, doing: string) => void;
}

/** True for an answer like any other; what has a cause, or no status at all, is to be looked into. */
export function isEveryday(error: unknown): boolean {
  return statusOf(error) !== undefined && (error as Error).cause === undefined;
}

/** Writes the whole reply of a call that failed: its status, and what is known of the files that it was about. */
export function writeFailure(
  writer: XdrWriter,
  call: Call,
  error: unknown,
  { metrics, onError }: FailureListeners,
): void {
  metrics.errors++;
  if (error === nfsError('nfs/malformed')) {
    writeRefusal(writer, call.xid, acceptStatus.garbageArguments);
    return;
  }
  let status = statusOf(error);
  if (status === undefined) {
    // What a call is undone for has been reported already.
    if (call.outcome !== 'undone') onError(error, call.procedure.name);
    status = statusOfCode('nfs/fault');
  }
  const { failure } = call.procedure;
  if (failure === 'nothing-fails') {
    writeRefusal(writer, call.xid, acceptStatus.systemError);
    return;
  }
  writeSuccess(writer, call.xid);
  writer.uint32(status);
  failure.forEach((part, which) => {
    if (part === 'attributes') call.writeSubject(which);
    else call.writeWeakSubject(which);
  });
}
