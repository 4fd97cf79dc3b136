import type { Hash } from '../base/hash.ts';
import type { Landing } from './head.ts';
import type { ProjectContext } from './project.ts';
import type { Session } from './session.ts';
import type { SessionId } from './session-id.ts';

/** Something that must be kept, and what keeps it. */
export interface Root {
  readonly kind: 'tree' | 'blob';
  readonly hash: Hash;
  /** For people: `the head`, `landing 12`, `session sess-…`. */
  readonly of: string;
}

/** Landings read at once. */
const readsAtOnce = 32;

/**
 * Everything that a project's head, landings and sessions keep. The same tree may come several times. Sessions come
 * first: what lands meanwhile, and is forgotten as a session, is among the landings, and those never go. Sessions
 * `without` keep nothing.
 */
export async function* projectRoots(
  project: ProjectContext,
  without: ReadonlySet<SessionId>,
): AsyncGenerator<Root> {
  for await (const session of project.ledger.listSessions()) {
    if (!without.has(session.id)) yield* sessionRoots(session);
  }
  const { head } = await project.ledger.readHead();
  yield { kind: 'tree', hash: head.tree, of: 'the head' };
  for (let newest = head.sequence; newest > 0; newest -= readsAtOnce) {
    const count = Math.min(readsAtOnce, newest);
    const landings = await Promise.all(
      Array.from({ length: count }, (_, i) => project.ledger.readLanding(newest - i)),
    );
    for (const landing of landings) yield* landingRoots(landing);
  }
}

/** What a session keeps. */
export function* sessionRoots(session: Session): Generator<Root> {
  const of = `session ${session.id}`;
  yield { kind: 'tree', hash: session.tree, of };
  yield { kind: 'tree', hash: session.base.tree, of };
  if (session.workspace?.kind === 'mount') yield { kind: 'tree', hash: session.workspace.base, of };
  for (const base of session.lease?.bases ?? []) yield { kind: 'tree', hash: base, of };
  for (const checkpoint of session.checkpoints) yield { kind: 'tree', hash: checkpoint.tree, of };
  for (const hash of session.earlierRecord) yield { kind: 'blob', hash, of };
}

/** What a landing keeps. */
export function* landingRoots(landing: Landing): Generator<Root> {
  const of = `landing ${landing.sequence}`;
  yield { kind: 'tree', hash: landing.tree, of };
  yield { kind: 'tree', hash: landing.before, of };
  if (landing.base !== null) yield { kind: 'tree', hash: landing.base.tree, of };
  if (landing.origin.kind !== 'undo') yield { kind: 'tree', hash: landing.origin.tree, of };
}
