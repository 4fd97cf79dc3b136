import { type Hash, parseHash } from '../base/hash.ts';
import type { Landing } from '../session/head.ts';
import { requireSession } from '../session/project.ts';
import type { Agent, Session } from '../session/session.ts';
import { parseSessionId } from '../session/session-id.ts';
import type { OpenProject } from './open-project.ts';

/** What a user asked for: at most one of them; none is the head. */
export interface TreeChoice {
  readonly session?: string | undefined;
  readonly landing?: number | undefined;
  /** A hash, with or without `sha256:` in front. */
  readonly tree?: string | undefined;
}

/** A tree with what is known of it. */
export interface ChosenTree {
  readonly tree: Hash;
  readonly message: string;
  readonly agent: Agent;
  readonly atMs: number;
  readonly session: Session | undefined;
  readonly landing: Landing | undefined;
}

/** Finds the tree that a user means. Throws as the ledger does, and `base/hash-invalid`. */
export async function chooseTree(project: OpenProject, user: Agent, choice: TreeChoice): Promise<ChosenTree> {
  const now = project.clock.now();
  if (choice.tree !== undefined) {
    const tree = parseHash(choice.tree.replace(/^sha256:/, ''));
    return {
      tree,
      message: `Tree ${tree} of ${project.name}`,
      agent: user,
      atMs: now,
      session: undefined,
      landing: undefined,
    };
  }
  if (choice.session !== undefined) {
    const session = await requireSession(project, parseSessionId(choice.session));
    const { tree, goal, agent, updatedMs } = session;
    return { tree, message: goal, agent, atMs: updatedMs, session, landing: undefined };
  }
  const { head } = await project.ledger.readHead();
  const sequence = choice.landing ?? head.sequence;
  if (sequence === 0) {
    return {
      tree: head.tree,
      message: `Empty project ${project.name}`,
      agent: user,
      atMs: now,
      session: undefined,
      landing: undefined,
    };
  }
  const landing = await project.ledger.readLanding(sequence);
  const session =
    landing.origin.kind === 'session' ? await project.ledger.readSession(landing.origin.session) : undefined;
  return {
    tree: landing.tree,
    message: landing.message,
    agent: landing.agent,
    atMs: landing.atMs,
    session,
    landing,
  };
}
