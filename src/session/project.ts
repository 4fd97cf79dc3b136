import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { BlobStore } from '../blob/blob-store.ts';
import type { NodeStore } from '../tree/node-store.ts';
import type { Ledger } from './ledger-port.ts';
import type { ProjectName } from './project-name.ts';
import type { Session } from './session.ts';
import { SessionError } from './session-error.ts';
import type { SessionId } from './session-id.ts';

/** A project's sessions and head, without its files: all that starting a session needs. */
export interface ProjectLedger {
  readonly name: ProjectName;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: Random;
}

/** A project and all that is needed to work on it. */
export interface ProjectContext extends ProjectLedger {
  readonly blobs: BlobStore;
  readonly nodes: NodeStore;
}

/** The session `id`; throws `session/not-found`. */
export async function requireSession(project: ProjectLedger, id: SessionId): Promise<Session> {
  const session = await project.ledger.readSession(id);
  if (session !== undefined) return session;
  throw sessionNotFound(project, id);
}

/** The error for a session that is not there, or is about to be deleted for good. */
export function sessionNotFound({ name }: ProjectLedger, id: SessionId): SessionError {
  return new SessionError(
    'session/not-found',
    `Project ${name} has no session ${id}. "mic session list" shows what there is.`,
  );
}
