import type { Hash } from '../base/hash.ts';
import { systemRandom } from '../base/random.ts';
import { BlobStore } from '../blob/blob-store.ts';
import { addFile } from '../blob/file.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { treeChanges } from '../tree/diff.ts';
import { editTree, type TreeEdit } from '../tree/edit.ts';
import type { Entry } from '../tree/entry.ts';
import { writeEmptyTree } from '../tree/level-writer.ts';
import { NodeStore, NodeTransaction } from '../tree/node-store.ts';
import type { TreePath } from '../tree/path.ts';
import { firstHead, type Head, type Landing, nextHead } from './head.ts';
import { fileChanges } from './landing/file-changes.ts';
import type { HeadVersion, Ledger } from './ledger-port.ts';
import { PathFilter } from './path-filter.ts';
import type { ProjectContext } from './project.ts';
import { parseProjectName } from './project-name.ts';
import type { Session } from './session.ts';
import { SessionError } from './session-error.ts';
import type { SessionId } from './session-id.ts';

export const agent = { name: 'ada', email: 'ada@example.org' };

/** What a test puts at a path: text or bytes of a file, another entry, or nothing. */
export type Content = string | Buffer | Entry | undefined;

/** For tests: a ledger in memory. What is changed twice at once is changed one after the other. */
export class MemoryLedger implements Ledger {
  readonly sessions = new Map<SessionId, Session>();
  readonly landings: Landing[] = [];
  head: Head | undefined;
  #version = 0;

  async createProject(head: Head): Promise<void> {
    if (this.head !== undefined) throw new SessionError('project/exists', 'There is one.');
    this.head = head;
  }

  async exists(): Promise<boolean> {
    return this.head !== undefined;
  }

  async readHead(): Promise<HeadVersion> {
    if (this.head === undefined) throw new SessionError('project/not-found', 'There is none.');
    return { head: this.head, version: String(this.#version) };
  }

  async moveHead(current: HeadVersion, next: Head): Promise<'moved' | 'lost'> {
    if (current.version !== String(this.#version)) return 'lost';
    this.head = next;
    this.landings.push(...next.landings);
    this.#version++;
    return 'moved';
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  async readLanding(sequence: number): Promise<Landing> {
    const landing = this.landings[sequence - 1];
    if (landing === undefined) throw new SessionError('landing/unknown', `No landing ${sequence}.`);
    return landing;
  }

  async createSession(session: Session): Promise<void> {
    this.sessions.set(session.id, session);
  }

  async readSession(id: SessionId): Promise<Session | undefined> {
    return this.sessions.get(id);
  }

  async updateSession(id: SessionId, change: (session: Session) => Session): Promise<Session> {
    const session = this.sessions.get(id);
    if (session === undefined) throw new SessionError('session/not-found', `No session ${id}.`);
    const next = change(session);
    this.sessions.set(id, next);
    return next;
  }

  async *listSessions(): AsyncIterable<Session> {
    yield* this.sessions.values();
  }

  async deleteSession(id: SessionId): Promise<void> {
    this.sessions.delete(id);
  }
}

/** For tests: a project in memory, empty so far. Each look at its clock is a second later. */
export async function memoryProject(): Promise<ProjectContext & { readonly ledger: MemoryLedger }> {
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => (now += 1000) };
  const blobs = new BlobStore(new MemoryStore(), 'micelio-acme/projects/web', { clock });
  const project = {
    name: parseProjectName('acme/web'),
    ledger: new MemoryLedger(),
    blobs,
    nodes: new NodeStore(blobs),
    clock,
    random: systemRandom,
  };
  const batch = await blobs.openBatch();
  const tree = writeEmptyTree(new NodeTransaction(project.nodes, batch));
  await batch.flush();
  const about = { name: project.name, createdMs: clock.now(), description: '' };
  await project.ledger.createProject(firstHead(about, tree));
  return project;
}

/** For tests: the tree that `tree` becomes with `files`. Keys are paths as byte strings. */
export async function treeWith(
  project: ProjectContext,
  tree: Hash,
  files: Readonly<Record<string, Content>>,
): Promise<Hash> {
  const batch = await project.blobs.openBatch();
  const edits: TreeEdit[] = [];
  for (const [path, content] of Object.entries(files)) {
    const isFile = typeof content === 'string' || Buffer.isBuffer(content);
    const entry = isFile
      ? { type: 'file' as const, mode: 0o644, ...(await addFile(batch, Buffer.from(content as string))) }
      : content;
    edits.push({ path: path as TreePath, entry });
  }
  const root = await editTree(new NodeTransaction(project.nodes, batch), tree, edits);
  await batch.flush();
  return root;
}

/** For tests: makes `files` of the head a landing of `session`, without merging anything. */
export async function landFiles(
  project: ProjectContext,
  message: string,
  files: Readonly<Record<string, Content>>,
): Promise<Landing> {
  const current = await project.ledger.readHead();
  const { head } = current;
  const tree = await treeWith(project, head.tree, files);
  const changes = await treeChanges(project.nodes, head.tree, tree);
  const landing: Landing = {
    sequence: head.sequence + 1,
    id: message,
    origin: { kind: 'import', source: 'test', commit: null, tree },
    agent,
    message,
    atMs: project.clock.now(),
    before: head.tree,
    tree,
    base: null,
    changeCount: changes.length,
    changes: fileChanges(changes),
    paths: PathFilter.of(changes).encode(),
  };
  await project.ledger.moveHead(current, nextHead(head, [landing]));
  return landing;
}
