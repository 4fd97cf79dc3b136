import type { HubSessions } from '../../app/hub/hub-sessions.ts';
import type { Answer } from '../command.ts';
import { moment } from '../wording.ts';

type Known = Pick<HubSessions['ledger'], 'staleness' | 'decider'>;

/**
 * Adds to an answer how far it is behind: a note for people, and `lastKnown` in the document, or in each entry of a list; null
 * there says that this is how it is.
 */
export function asKnown(ledger: Known, answer: Answer): Answer {
  const lastKnown = lastKnownJson(ledger);
  return {
    ...answer,
    json: Array.isArray(answer.json)
      ? answer.json.map((entry: object) => ({ ...entry, lastKnown }))
      : { ...(answer.json as object), lastKnown },
    notes: [...lastKnownNotes(ledger), ...(answer.notes ?? [])],
  };
}

/** The remote that was asked, and when it last answered, in ms since the epoch; null for what is not known. */
export function lastKnownJson({ staleness, decider }: Known) {
  if (staleness !== undefined) return { remote: staleness.remote, atMs: staleness.atMs ?? null };
  return decider.kind === 'another' ? { remote: null, atMs: null } : null;
}

export function lastKnownNotes({ staleness, decider }: Known): string[] {
  if (staleness !== undefined) {
    const { remote, atMs } = staleness;
    const when = atMs === undefined ? 'as it was fetched last' : `as it was known at ${moment(atMs)}`;
    return [
      `The remote "${remote}", which decides, cannot be reached. This is ${when}; much may have happened since.`,
    ];
  }
  return decider.kind === 'another'
    ? [
        'Another repository decides about these sessions. This is as main here has them; "git pull" brings more.',
      ]
    : [];
}
