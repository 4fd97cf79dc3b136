import { LRUCache } from 'lru-cache';
import type { Head, Landing } from '../../session/head.ts';
import type { HeadVersion, Ledger } from '../../session/ledger-port.ts';
import type { ProjectName } from '../../session/project-name.ts';
import type { Session } from '../../session/session.ts';
import { SessionError } from '../../session/session-error.ts';
import { parseSessionId, type SessionId } from '../../session/session-id.ts';
import {
  createDocument,
  type Document,
  type DocumentAccess,
  leaveDocument,
  readDocument,
  swapDocument,
  updateDocument,
} from '../../storage/document.ts';
import { headFormat, landingFormat, sessionFormat } from './formats.ts';
import { LedgerLayout } from './layout.ts';

/** Sessions read at once while they are listed. */
const listConcurrency = 32;
/** Sessions whose last known version is kept, for their next change. */
const knownSessionsMax = 256;

interface ReadHead extends HeadVersion {
  readonly document: Document<Head>;
}

/**
 * The ledger of one project in an object store. The head is one document under compare-and-swap, and carries the
 * landings that made it; they are copied to `landings/` before the head moves on, so that the move of the head is the
 * only thing that decides whether something has landed (`docs/decisions/0003-landings-ride-in-the-head.md`).
 */
export class ObjectLedger implements Ledger {
  readonly #access: DocumentAccess;
  readonly #project: ProjectName;
  readonly #layout: LedgerLayout;
  /** Sessions as this process last read or wrote them. */
  readonly #known = new LRUCache<SessionId, Document<Session>>({ max: knownSessionsMax });
  /** Landings up to this one are known to have been copied. */
  #archived = 0;

  /** `prefix` is the project's place in the store. */
  constructor(access: DocumentAccess, project: ProjectName, prefix: string) {
    this.#access = access;
    this.#project = project;
    this.#layout = new LedgerLayout(prefix);
  }

  async createProject(head: Head): Promise<void> {
    if ((await createDocument(this.#access, this.#layout.head, headFormat, head)) === undefined) {
      throw new SessionError(
        'project/exists',
        `There is a project ${this.#project} already. Choose another name, or bring files into it with "mic project import".`,
      );
    }
  }

  async exists(): Promise<boolean> {
    const { store } = this.#access;
    if ((await store.get(this.#layout.head)) !== undefined) return true;
    // What only a head has made possible.
    for (const prefix of [this.#layout.landings, this.#layout.sessions]) {
      for await (const _ of store.list(prefix)) return true;
    }
    return false;
  }

  async readHead(): Promise<ReadHead> {
    const document = await readDocument(this.#access.store, this.#layout.head, headFormat);
    if (document === undefined) {
      throw new SessionError(
        'project/not-found',
        `There is no project ${this.#project} in this store. "mic project list" shows what there is; "mic project create" makes one.`,
      );
    }
    return { head: document.value, version: document.etag, document };
  }

  async moveHead(current: HeadVersion, next: Head): Promise<'moved' | 'lost'> {
    const { document } = current as ReadHead;
    await this.#archive(document.value.landings);
    const moved = await swapDocument(this.#access, this.#layout.head, headFormat, document, next);
    return moved === undefined ? 'lost' : 'moved';
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#access.store.inTurn?.(this.#layout.head, work) ?? work();
  }

  async readLanding(sequence: number): Promise<Landing> {
    const stored = await readDocument(this.#access.store, this.#layout.landing(sequence), landingFormat);
    if (stored !== undefined) return stored.value;
    const { head } = await this.readHead();
    const riding = head.landings.find((landing) => landing.sequence === sequence);
    if (riding !== undefined) return riding;
    // The head may have moved on between the two reads, and then the landing was copied before it did.
    const copied = await readDocument(this.#access.store, this.#layout.landing(sequence), landingFormat);
    if (copied !== undefined) return copied.value;
    throw new SessionError(
      'landing/unknown',
      `Project ${this.#project} has no landing ${sequence}: its newest is ${head.sequence}. "mic project log" shows them.`,
    );
  }

  async createSession(session: Session): Promise<void> {
    const created = await createDocument(
      this.#access,
      this.#layout.session(session.id),
      sessionFormat,
      session,
    );
    if (created === undefined)
      throw new SessionError('session/invalid', `There is a session ${session.id} already. Try again.`);
    this.#known.set(session.id, created);
  }

  async readSession(id: SessionId): Promise<Session | undefined> {
    const document = await readDocument(this.#access.store, this.#layout.session(id), sessionFormat);
    if (document === undefined) this.#known.delete(id);
    else this.#known.set(id, document);
    return document?.value;
  }

  async updateSession(id: SessionId, change: (session: Session) => Session): Promise<Session> {
    const leaveOrChange = (session: Session) => {
      const next = change(session);
      return next === session ? leaveDocument : next;
    };
    const key = this.#layout.session(id);
    const known = this.#known.get(id);
    const updated = await updateDocument(this.#access, key, sessionFormat, leaveOrChange, known);
    if (updated === undefined) throw notFound(id);
    this.#known.set(id, updated);
    return updated.value;
  }

  async *listSessions(): AsyncIterable<Session> {
    let ids: SessionId[] = [];
    for await (const { key } of this.#access.store.list(this.#layout.sessions)) {
      if (!key.endsWith('/metadata.json')) continue;
      ids.push(parseSessionId(key.slice(this.#layout.sessions.length, -'/metadata.json'.length)));
      if (ids.length < listConcurrency) continue;
      yield* await this.#readSessions(ids);
      ids = [];
    }
    yield* await this.#readSessions(ids);
  }

  /** Those of the sessions that are still there. */
  async #readSessions(ids: readonly SessionId[]): Promise<Session[]> {
    const sessions = await Promise.all(ids.map((id) => this.readSession(id)));
    return sessions.filter((session) => session !== undefined);
  }

  async deleteSession(id: SessionId): Promise<void> {
    this.#known.delete(id);
    await this.#access.store.delete(this.#layout.session(id));
  }

  /** Copies landings out of the head. Done by whoever moves the head on, and once more does no harm. */
  async #archive(landings: readonly Landing[]): Promise<void> {
    const open = landings.filter(({ sequence }) => sequence > this.#archived);
    await Promise.all(
      open.map((landing) =>
        createDocument(this.#access, this.#layout.landing(landing.sequence), landingFormat, landing),
      ),
    );
    this.#archived = Math.max(this.#archived, landings.at(-1)?.sequence ?? 0);
  }
}

function notFound(id: SessionId): SessionError {
  return new SessionError(
    'session/not-found',
    `There is no session ${id} in this project. "mic session list" shows what there is.`,
  );
}
