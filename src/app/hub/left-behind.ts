import { hostname } from 'node:os';
import type { SentWork } from './travelling-work.ts';

/** What of a session's work stays on the machine that it was left on. */
export interface LeftBehind {
  readonly sent: SentWork;
  /** How many files and empty directories that git does not keep are set aside; or the workspace stays, with all of them. */
  readonly unkept: number | 'workspace';
}

/** What the worklog says of a session that this machine gives back, for those who go on with it on another one. */
export function leftBehindText({ sent, unkept }: LeftBehind): string {
  const stays = [
    ...(sent.outcome === 'stays'
      ? [`its commits and what was not committed, since the remote "${sent.remote}" did not take them`]
      : []),
    ...(unkept === 'workspace' ? ['the workspace, with what git ignores in it'] : []),
    ...(unkept !== 'workspace' && unkept > 0
      ? [`${unkept} ${unkept === 1 ? 'file' : 'files'} that git does not keep`]
      : []),
  ];
  return `Left on ${hostname()}.${stays.length === 0 ? '' : ` Only there: ${stays.join('; ')}.`}`;
}

/** What a worklog says that is only on another machine, of those who left the session last; undefined: nothing. */
export function leftBehindIn(worklog: string): string | undefined {
  const last = worklog.match(/^Left on .*$/gm)?.at(-1);
  return last?.includes('. Only there: ') ? last : undefined;
}
