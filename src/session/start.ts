import type { ProjectLedger } from './project.ts';
import { recordText } from './record-text.ts';
import type { Agent, Session } from './session.ts';
import { newSessionId } from './session-id.ts';

export interface StartRequest {
  /** A few words that name the session. */
  readonly title: string;
  /** What it is to accomplish. */
  readonly goal: string;
  readonly description?: string;
  readonly agent: Agent;
}

/**
 * Starts a session on the project's head: one read and one write, whatever the project's size. Throws
 * `project/not-found` and `session/invalid`.
 */
export async function startSession(project: ProjectLedger, request: StartRequest): Promise<Session> {
  const title = recordText(request.title, 'title');
  const goal = recordText(request.goal, 'goal');
  const { head } = await project.ledger.readHead();
  const now = project.clock.now();
  const session: Session = {
    id: newSessionId(project.random),
    project: project.name,
    title,
    goal,
    description: request.description?.trim() ? recordText(request.description, 'description') : '',
    agent: request.agent,
    state: 'active',
    createdMs: now,
    updatedMs: now,
    base: { tree: head.tree, sequence: head.sequence },
    tree: head.tree,
    places: head.places.filter(({ tree }) => tree === head.tree),
    checkpoints: [],
    conversation: [],
    decisions: [],
    worklog: [{ atMs: now, author: request.agent.name, text: `Started on landing ${head.sequence}` }],
    earlierRecord: [],
    forkedFrom: null,
    workspace: null,
    lease: null,
    landed: null,
    conflicts: [],
    removed: null,
  };
  await project.ledger.createSession(session);
  return session;
}
