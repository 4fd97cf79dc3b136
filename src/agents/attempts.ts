/**
 * The record of what agent programs tried on a session, `attempts.md` in its folder: so everybody, on any machine, knows
 * how often it was tried and whether an agent is at it. Format: docs/formats/agent-runs.md.
 */
export const attemptsName = 'attempts.md';

const title = '# Attempts';
/** For people, in characters. */
const reasonLengthMax = 300;

/**
 * `given-back`: by its program, or beside it. `put-back`: its runner was told to end. `given-up`: it was tried too often, or
 * its program wants a better plan; it is left to people.
 */
export const attemptEvents = [
  'started',
  'failed',
  'interrupted',
  'given-back',
  'put-back',
  'conflict',
  'given-up',
] as const;
export type AttemptEvent = (typeof attemptEvents)[number];
/** After these, the session is not tried again at once. */
const failures: readonly AttemptEvent[] = ['failed', 'interrupted', 'given-back'];

export interface AttemptEntry {
  readonly event: AttemptEvent;
  readonly atMs: number;
  /** Who, and on which machine. */
  readonly by: string;
  readonly reason?: string;
}

export interface AttemptStanding {
  /** Attempts since the session was last given up, one under way included; what was put back does not count. */
  readonly count: number;
  /** An attempt has begun, and nobody has said how it ended. */
  readonly isUnderWay: boolean;
  /** When the last attempt failed or was given back, in ms since the epoch; undefined where it was not. */
  readonly failedMs: number | undefined;
}

/** How a session stands by its record. Lines of any other form count for nothing. */
export function attemptStanding(text: string): AttemptStanding {
  let count = 0;
  let last: { event: AttemptEvent; atMs: number } | undefined;
  for (const line of text.split('\n')) {
    const [, time, word] = /^- (\S+) ([a-z-]+), /.exec(line) ?? [];
    const event = attemptEvents.find((known) => known === word);
    const atMs = Date.parse(time ?? '');
    if (event === undefined || Number.isNaN(atMs)) continue;
    if (event === 'started') count++;
    else if (event === 'put-back') count = Math.max(0, count - 1);
    else if (event === 'given-up') count = 0;
    last = { event, atMs };
  }
  const hasFailed = last !== undefined && failures.includes(last.event);
  return { count, isUnderWay: last?.event === 'started', failedMs: hasFailed ? last?.atMs : undefined };
}

/** The record with an entry more. A start after an attempt that nobody ended says that it was interrupted. */
export function withAttempt(text: string, entry: AttemptEntry): string {
  const before = text.trim() === '' ? `${title}\n` : text.trimEnd();
  const isAgain = entry.event === 'started' && attemptStanding(text).isUnderWay;
  const lines = [...(isAgain ? [lineOf({ ...entry, event: 'interrupted' })] : []), lineOf(entry)];
  return `${before}\n${lines.join('\n')}\n`;
}

/** When a session may be tried again, in ms since the epoch: each failure doubles the pause. */
export function retryAtMs({ count, failedMs }: AttemptStanding, pauseMs: number): number {
  return failedMs === undefined ? 0 : failedMs + pauseMs * 2 ** Math.max(0, count - 1);
}

function lineOf({ event, atMs, by, reason }: AttemptEntry): string {
  const time = new Date(atMs).toISOString();
  const why = reason === undefined ? '' : `: ${onOneLine(reason).slice(0, reasonLengthMax)}`;
  return `- ${time} ${event}, ${onOneLine(by)}${why}`;
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
