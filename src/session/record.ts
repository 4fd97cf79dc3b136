import type { BlobStore } from '../blob/blob-store.ts';
import { type ProjectContext, requireSession } from './project.ts';
import { recordText } from './record-text.ts';
import type { Decision, Message, Session } from './session.ts';
import { SessionError } from './session-error.ts';
import type { SessionId } from './session-id.ts';

/** Entries of the record that stay in the session's document; older ones move into blobs, many at once. */
const entriesInDocumentMax = 200;
const charactersInDocumentMax = 96 * 1024;

/** The record of a session: what was said, decided and done, oldest first. */
export interface SessionRecord {
  readonly conversation: readonly Message[];
  readonly decisions: readonly Decision[];
  readonly worklog: Session['worklog'];
}

/** Adds a turn to the conversation. */
export function addMessage(
  project: ProjectContext,
  id: SessionId,
  author: string,
  text: string,
): Promise<Session> {
  const message = { atMs: project.clock.now(), author, text: recordText(text, 'note') };
  return addToRecord(project, id, (session) => ({
    ...session,
    conversation: [...session.conversation, message],
  }));
}

/** What a decision consists of. */
export interface NewDecision {
  readonly what: string;
  readonly why: string;
  readonly alternatives: readonly string[];
}

/** Records a decision. */
export function addDecision(
  project: ProjectContext,
  id: SessionId,
  author: string,
  { what, why, alternatives }: NewDecision,
): Promise<Session> {
  const decision: Decision = {
    atMs: project.clock.now(),
    author,
    what: recordText(what, 'decision'),
    why: recordText(why, 'reason'),
    alternatives: alternatives.map((alternative) => recordText(alternative, 'alternative')),
  };
  return addToRecord(project, id, (session) => ({ ...session, decisions: [...session.decisions, decision] }));
}

/** `session` with one more line in its worklog. */
export function withWork(session: Session, atMs: number, author: string, text: string): Session {
  return { ...session, updatedMs: atMs, worklog: [...session.worklog, { atMs, author, text }] };
}

/** The whole record, its earlier parts included. */
export async function readRecord(blobs: BlobStore, session: Session): Promise<SessionRecord> {
  const parts: SessionRecord[] = [];
  for (const hash of session.earlierRecord) {
    parts.push(JSON.parse((await blobs.get(hash)).toString('utf8')) as SessionRecord);
  }
  parts.push(session);
  return {
    conversation: parts.flatMap((part) => part.conversation),
    decisions: parts.flatMap((part) => part.decisions),
    worklog: parts.flatMap((part) => part.worklog),
  };
}

async function addToRecord(
  project: ProjectContext,
  id: SessionId,
  add: (session: Session) => Session,
): Promise<Session> {
  const session = await project.ledger.updateSession(id, (current) => {
    if (current.removed) throw removed(id);
    return { ...add(current), updatedMs: project.clock.now() };
  });
  return isLong(session) ? moveOut(project, id) : session;
}

/** Moves the record so far into a blob, so that the document stays small however long the conversation gets. */
async function moveOut(project: ProjectContext, id: SessionId): Promise<Session> {
  const { conversation, decisions, worklog } = await requireSession(project, id);
  const batch = await project.blobs.openBatch();
  const hash = batch.add(Buffer.from(JSON.stringify({ conversation, decisions, worklog })));
  await batch.flush();
  return project.ledger.updateSession(id, (current) => {
    // Entries are only ever added at the end: what was there is still what the lists begin with, unless another
    // process has just moved it out.
    if (!startsWith(current, { conversation, decisions, worklog })) return current;
    return {
      ...current,
      conversation: current.conversation.slice(conversation.length),
      decisions: current.decisions.slice(decisions.length),
      worklog: current.worklog.slice(worklog.length),
      earlierRecord: [...current.earlierRecord, hash],
    };
  });
}

function startsWith(session: Session, record: SessionRecord): boolean {
  const head: SessionRecord = {
    conversation: session.conversation.slice(0, record.conversation.length),
    decisions: session.decisions.slice(0, record.decisions.length),
    worklog: session.worklog.slice(0, record.worklog.length),
  };
  return JSON.stringify(head) === JSON.stringify(record);
}

function isLong({ conversation, decisions, worklog }: Session): boolean {
  const entries = conversation.length + decisions.length + worklog.length;
  const characters = JSON.stringify([conversation, decisions, worklog]).length;
  return entries > entriesInDocumentMax || characters > charactersInDocumentMax;
}

function removed(id: SessionId): SessionError {
  return new SessionError(
    'session/removed',
    `Session ${id} was removed. Bring it back first: mic session restore ${id}`,
  );
}
