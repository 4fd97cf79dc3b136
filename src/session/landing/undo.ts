import type { ProjectContext } from '../project.ts';
import type { Agent } from '../session.ts';
import type { LandingOutcome, LandingQueue } from './landing-queue.ts';

/**
 * Takes back what landing `sequence` changed, by a new landing that reverts it; everything that landed since stays.
 * Where later changes build upon it, that is a conflict, and nothing lands. Throws `landing/unknown`.
 */
export async function undoLanding(
  project: ProjectContext,
  queue: LandingQueue,
  sequence: number,
  agent: Agent,
): Promise<LandingOutcome> {
  const undone = await project.ledger.readLanding(sequence);
  return queue.land({
    origin: { kind: 'undo', sequence },
    agent,
    message: `Undo landing ${sequence}: ${undone.message}`,
    base: { tree: undone.tree, sequence },
    tree: undone.before,
  });
}
