import { appendFileSync, renameSync, statSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { systemCode } from '../../base/system-error.ts';

/** Bytes of a log file; then it moves aside, over the one that had moved before. */
const logBytesMax = 1024 * 1024;

/** Where a server says what happens to it. Holds no secrets. */
export interface Log {
  say(text: string): void;
  /** Something that should not happen, with all that is known of it. */
  failed(doing: string, error: unknown): void;
}

/** A log of which each line, with its time in front, goes to `write`. */
export function lineLog(clock: Clock, write: (line: string) => void): Log {
  const say = (text: string): void => write(`${new Date(clock.now()).toISOString()} ${text}\n`);
  return {
    say,
    failed: (doing, error) => say(`failed: ${doing}: ${described(error)}`),
  };
}

/** Appends to the file `path`, of which at most `logBytesMax` are kept, and as many of what was before. */
export function boundedFile(path: string): (line: string) => void {
  return (line) => {
    try {
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      if (size + line.length > logBytesMax) renameSync(path, `${path}.1`);
      appendFileSync(path, line, { mode: 0o600 });
    } catch (error) {
      // A server whose log cannot be written goes on serving: its clients wait for their files.
      if (systemCode(error) === undefined) throw error;
    }
  };
}

function described(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (${described(error.cause)})`;
  return `${'code' in error ? `${String(error.code)}: ` : ''}${error.stack ?? error.message}${cause}`.replaceAll(
    '\n',
    '\n  ',
  );
}
