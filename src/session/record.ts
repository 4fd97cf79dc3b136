import type { BlobStore } from '../blob/blob-store.ts';
import { decodeRecord, encodeRecord, type SessionRecord } from './earlier-record.ts';
import type { ProjectContext } from './project.ts';
import { recordText } from './record-text.ts';
import type { Decision, Session } from './session.ts';
import { SessionError } from './session-error.ts';
import type { SessionId } from './session-id.ts';

/** Entries of the record that stay in the session's document; older ones move into blobs, many at once. */
const entriesInDocumentMax = 200;
const charactersInDocumentMax = 96 * 1024;

/** Adds a turn to the conversation. */
export async function addMessage(
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
export async function addDecision(
  project: ProjectContext,
  id: SessionId,
  author: string,
  { what, why, alternatives }: NewDecision,
): Promise<Session> {
  // Each is checked by itself below; together they must not be longer than any other entry.
  recordText([what, why, ...alternatives].join(''), 'decision');
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
    parts.push(decodeRecord(await blobs.get(hash), hash));
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
  return keepShort(project, session);
}

/**
 * `session`, which the ledger has just given, with its record moved into blobs where it has become long: so the document
 * stays small however long the conversation gets.
 */
export async function keepShort(project: ProjectContext, session: Session): Promise<Session> {
  if (!isLong(session)) return session;
  const { conversation, decisions, worklog } = session;
  const batch = await project.blobs.openBatch({ expects: 'few' });
  const parts = encodeRecord({ conversation, decisions, worklog }).map((bytes) => batch.add(bytes));
  await batch.flush();
  return project.ledger.updateSession(session.id, (current) => {
    // Another process has just done it. Otherwise entries are only ever added at the end: what was there is still what
    // the lists begin with.
    if (current.earlierRecord.length !== session.earlierRecord.length) return current;
    return {
      ...current,
      conversation: current.conversation.slice(conversation.length),
      decisions: current.decisions.slice(decisions.length),
      worklog: current.worklog.slice(worklog.length),
      earlierRecord: [...current.earlierRecord, ...parts],
    };
  });
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
