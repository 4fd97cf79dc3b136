import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionState } from '../../session/life-cycle.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { HubSessions } from '../hub/hub-sessions.ts';
import { hubMark } from './hub-mark.ts';

/** A session that is in another state, or another's, than it was. */
export interface SessionChange {
  readonly slug: Slug;
  /** Undefined: it was removed. */
  readonly state: SessionState | undefined;
  /** Who has it now. */
  readonly agent: string | undefined;
  readonly machine: string | undefined;
}

/** Sessions as one look has found them. */
type Seen = ReadonlyMap<Slug, Omit<SessionChange, 'slug'>>;

export interface WatchRequest {
  readonly intervalMs: number;
  /** `seen`: once what there is has been told. */
  readonly until: 'stopped' | 'seen';
  /** Aborted: it ends. */
  readonly stop: AbortSignal;
  readonly onChange: (change: SessionChange) => void;
  /** A look that failed; it is looked again. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Tells what becomes of sessions, until it is stopped; those that are planned or under way already are told first. Throws
 * where the ledger cannot be used when it begins.
 */
export async function watchSessions(sessions: HubSessions, request: WatchRequest): Promise<void> {
  const { intervalMs, until, stop, onChange, onProblem } = request;
  let seen: Seen = new Map();
  let mark: string | undefined;
  for (let look = 0; !stop.aborted; look++) {
    try {
      const before = await hubMark(sessions);
      const isSame = before !== undefined && before === mark;
      mark = before;
      const now = isSame ? seen : await see(sessions);
      for (const change of changesBetween(seen, now)) if (look > 0 || isOpen(change)) onChange(change);
      seen = now;
    } catch (error) {
      mark = undefined;
      if (look === 0) throw error;
      onProblem(error);
    }
    if (until === 'seen') return;
    // It rejects when it is stopped, which is how it ends.
    await sleep(intervalMs, undefined, { signal: stop }).catch(() => {});
  }
}

/** What differs, by slug. */
export function changesBetween(before: Seen, after: Seen): readonly SessionChange[] {
  const changes: SessionChange[] = [];
  for (const slug of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [was, is] = [before.get(slug), after.get(slug)];
    if (was?.state === is?.state && was?.agent === is?.agent && was?.machine === is?.machine) continue;
    changes.push({ slug, state: is?.state, agent: is?.agent, machine: is?.machine });
  }
  return changes;
}

async function see({ ledger }: HubSessions): Promise<Seen> {
  ledger.lookAgain();
  const sessions = await ledger.list();
  return new Map(
    sessions.map(({ slug, state, claim }) => [
      slug,
      { state, agent: claim?.agent.name, machine: claim?.machine },
    ]),
  );
}

function isOpen({ state }: SessionChange): boolean {
  return state === 'planned' || state === 'active' || state === 'conflicted';
}
