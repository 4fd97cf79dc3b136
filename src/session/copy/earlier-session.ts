import { isDeepStrictEqual } from 'node:util';
import type { Session } from '../session.ts';

/** Whether both say the same. */
export function isSameState(a: Session, b: Session): boolean {
  return isDeepStrictEqual(a, b);
}

/**
 * Whether `earlier` is what the session `later` once was, so that nothing is lost when `later` takes its place: it was not
 * changed afterwards, and all that was said, decided, done and recorded in it is in the later one.
 */
export function isEarlierState(earlier: Session, later: Session): boolean {
  if (earlier.createdMs !== later.createdMs || earlier.updatedMs > later.updatedMs) return false;
  if (!earlier.earlierRecord.every((hash, i) => later.earlierRecord[i] === hash)) return false;
  // Entries move out of the document, all of them at once, oldest checkpoints one by one.
  const moved = later.earlierRecord.length > earlier.earlierRecord.length;
  return (
    (moved ||
      (startsWith(later.conversation, earlier.conversation) &&
        startsWith(later.decisions, earlier.decisions) &&
        startsWith(later.worklog, earlier.worklog))) &&
    hasLastCheckpoint(earlier, later)
  );
}

function startsWith(list: readonly unknown[], start: readonly unknown[]): boolean {
  return isDeepStrictEqual(list.slice(0, start.length), start);
}

function hasLastCheckpoint(earlier: Session, later: Session): boolean {
  const last = earlier.checkpoints.at(-1);
  const first = later.checkpoints[0];
  if (last === undefined) return true;
  if (first !== undefined && first.number > last.number) return true;
  return later.checkpoints.some((checkpoint) => isDeepStrictEqual(checkpoint, last));
}
