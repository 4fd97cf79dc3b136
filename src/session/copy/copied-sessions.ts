import { hasCode } from '../../base/error.ts';
import { sessionRoots } from '../roots.ts';
import type { Session } from '../session.ts';
import { SessionError } from '../session-error.ts';
import type { SessionId } from '../session-id.ts';
import type { CopiedProjects, CopiedTrees } from './copied-trees.ts';
import { isEarlierState, isSameState } from './earlier-session.ts';

/** Sessions that are compared, or copied, at once. */
const sessionsAtOnceMax = 16;
/** How often a session is looked at again because it has changed meanwhile, in either store. */
const attemptsMax = 16;

/**
 * The sessions that `to` lacks or has in an earlier state. Throws `project/diverged` for one that was changed there by
 * itself.
 */
export async function changedSessions(projects: CopiedProjects): Promise<SessionId[]> {
  const changed: SessionId[] = [];
  let some: SessionId[] = [];
  const compare = async (): Promise<void> => {
    const states = await Promise.all(some.map((id) => stateOf(projects, id)));
    for (const state of states) if (state.kind === 'behind') changed.push(state.ours.id);
    some = [];
  };
  for await (const { id } of projects.from.ledger.listSessions()) {
    if (some.push(id) === sessionsAtOnceMax) await compare();
  }
  await compare();
  return changed;
}

type SessionState =
  | { readonly kind: 'same' }
  | { readonly kind: 'behind'; readonly ours: Session; readonly theirs: Session | undefined };

/** How the session is in `to`, against how it is in `from`. */
async function stateOf({ from, to }: CopiedProjects, id: SessionId): Promise<SessionState> {
  // Read in this order: what is there now, `from` has had before.
  const theirs = await to.ledger.readSession(id);
  const ours = await from.ledger.readSession(id);
  // Forgotten meanwhile.
  if (ours === undefined || (theirs !== undefined && isSameState(theirs, ours))) return { kind: 'same' };
  if (theirs === undefined || isEarlierState(theirs, ours)) return { kind: 'behind', ours, theirs };
  throw new SessionError(
    'project/diverged',
    `Session ${id} of project ${to.name} was worked on in the store that is copied to, and that would be lost. Land it there or remove it there, and copy to another store.`,
  );
}

/** Copies sessions with all that they name. `requireLanding` sees to it that a landing is there. Answers how many. */
export async function copySessions(
  projects: CopiedProjects,
  trees: CopiedTrees,
  ids: readonly SessionId[],
  requireLanding: (sequence: number) => Promise<void>,
  onSession: (sessions: number) => void,
): Promise<number> {
  let copied = 0;
  for (let start = 0; start < ids.length; start += sessionsAtOnceMax) {
    let waiting = ids.slice(start, start + sessionsAtOnceMax);
    for (let attempt = 1; waiting.length > 0; attempt++) {
      if (attempt > attemptsMax) throw busy(projects, waiting[0]!);
      const tried = await tryBatch(projects, trees, waiting, requireLanding);
      copied += tried.copied;
      waiting = tried.again;
    }
    onSession(start);
  }
  return copied;
}

interface TriedBatch {
  readonly copied: number;
  /** Those that somebody else has changed meanwhile. */
  readonly again: SessionId[];
}

async function tryBatch(
  projects: CopiedProjects,
  trees: CopiedTrees,
  ids: readonly SessionId[],
  requireLanding: (sequence: number) => Promise<void>,
): Promise<TriedBatch> {
  const states = await Promise.all(ids.map((id) => stateOf(projects, id)));
  const behind = states.filter((state) => state.kind === 'behind');
  for (const { ours } of behind) {
    await requireLanding(Math.max(ours.base.sequence, ours.landed?.sequence ?? 0));
  }
  try {
    await trees.require(behind.flatMap(({ ours }) => [...sessionRoots(ours)]));
  } catch (error) {
    // What a session no longer needs may have been collected since the session was read.
    const again = await movedOn(projects, behind);
    if (again.length === 0) throw error;
    return { copied: 0, again: [...ids] };
  }
  const outcomes = await Promise.all(behind.map(({ ours, theirs }) => place(projects, ours, theirs)));
  const again = behind.filter((_, i) => outcomes[i] === 'lost').map(({ ours }) => ours.id);
  return { copied: behind.length - again.length, again };
}

async function movedOn(
  { from }: CopiedProjects,
  behind: readonly { readonly ours: Session }[],
): Promise<SessionId[]> {
  const now = await Promise.all(behind.map(({ ours }) => from.ledger.readSession(ours.id)));
  return behind
    .filter(({ ours }, i) => now[i] === undefined || !isSameState(now[i], ours))
    .map(({ ours }) => ours.id);
}

/** Stores `ours` in place of `theirs`; `lost` when that is not what is there. */
async function place(
  { to }: CopiedProjects,
  ours: Session,
  theirs: Session | undefined,
): Promise<'placed' | 'lost'> {
  let outcome: 'placed' | 'lost' = 'placed';
  try {
    if (theirs === undefined) {
      await to.ledger.createSession(ours);
      return outcome;
    }
    await to.ledger.updateSession(ours.id, (current) => {
      outcome = isSameState(current, theirs) ? 'placed' : 'lost';
      return outcome === 'placed' ? ours : current;
    });
    return outcome;
  } catch (error) {
    // Somebody else has made it, or forgotten it.
    if (hasCode(error, theirs === undefined ? 'session/invalid' : 'session/not-found')) return 'lost';
    throw error;
  }
}

function busy({ from }: CopiedProjects, id: SessionId): SessionError {
  return new SessionError(
    'landing/busy',
    `Session ${id} of project ${from.name} changed all the time while it was copied. Copy again when less is going on.`,
  );
}
