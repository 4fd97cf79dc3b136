import type { Hash } from '../base/hash.ts';
import type { Landing } from './head.ts';
import type { ProjectContext } from './project.ts';
import type { Session } from './session.ts';

/** Something that must be kept, and what keeps it. */
export interface Root {
  readonly kind: 'tree' | 'blob';
  readonly hash: Hash;
  /** For people: `the head`, `landing 12`, `session sess-…`. */
  readonly of: string;
}

/** Everything that a project's head, landings and sessions keep, newest first. The same tree may come several times. */
export async function* projectRoots(project: ProjectContext): AsyncGenerator<Root> {
  const { head } = await project.ledger.readHead();
  yield { kind: 'tree', hash: head.tree, of: 'the head' };
  for await (const session of project.ledger.listSessions()) yield* sessionRoots(session);
  for (let sequence = head.sequence; sequence > 0; sequence--) {
    yield* landingRoots(await project.ledger.readLanding(sequence));
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
