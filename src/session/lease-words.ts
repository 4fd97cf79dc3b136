import type { Lease, Session } from './session.ts';
import { SessionError } from './session-error.ts';

/** The error for somebody who would make a session's files writable here while they are elsewhere. */
export function heldElsewhere({ id, lease }: Session): SessionError {
  return new SessionError(
    'session/lease-held',
    `Session ${id} is mounted and written on ${holderOf(lease)}. Have it recorded and given back there, with "mic-fs stop"; or work in a directory of files here, which is merged with what others do: mic session path ${id} --workspace=checkout; or take it over as it was last recorded, and merge the rest when that machine is back: mic session path ${id} --take-over`,
  );
}

/** The error for somebody who had the lease of a session, and would record files of it that may be older than it. */
export function movedOn({ id, lease }: Session): SessionError {
  return new SessionError(
    'session/lease-lost',
    lease?.untilMs == null
      ? `Session ${id} was written on ${holderOf(lease)} meanwhile, so nothing was recorded. What was changed here is kept. Do it again, which merges both.`
      : `Session ${id} is written on ${holderOf(lease)}, so nothing is recorded from here. What was changed here is kept. Go on with it in a session of its own: mic session fork ${id}; or take the session back, which merges both: mic session path ${id} --take-over`,
  );
}

function holderOf(lease: Lease | null): string {
  return lease === null
    ? 'another machine'
    : `${lease.machine} (since ${new Date(lease.sinceMs).toISOString()})`;
}
