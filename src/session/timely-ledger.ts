import type { Hash } from '../base/hash.ts';
import type { BlobStore } from '../blob/blob-store.ts';
import type { Head, Landing } from './head.ts';
import type { HeadVersion, Ledger } from './ledger-port.ts';
import { landingRoots, type Root, sessionRoots } from './roots.ts';
import type { Session } from './session.ts';
import type { SessionId } from './session-id.ts';

/**
 * A ledger that refuses, with `blob/too-slow`, to record trees that this process wrote too long ago: it may have been
 * suspended in between, and garbage collection does not wait longer (`docs/formats/packs.md`, "Collection"). It looks
 * right before each write, and asks the store for nothing.
 */
export class TimelyLedger implements Ledger {
  readonly #ledger: Ledger;
  readonly #blobs: BlobStore;

  constructor(ledger: Ledger, blobs: BlobStore) {
    this.#ledger = ledger;
    this.#blobs = blobs;
  }

  createProject(head: Head): Promise<void> {
    return this.#recording([head.tree], () => this.#ledger.createProject(head));
  }

  moveHead(current: HeadVersion, next: Head): Promise<'moved' | 'lost'> {
    const trees = next.landings.flatMap((landing) => treesIn(landingRoots(landing)));
    return this.#recording([next.tree, ...trees], () => this.#ledger.moveHead(current, next));
  }

  createSession(session: Session): Promise<void> {
    return this.#recording(treesIn(sessionRoots(session)), () => this.#ledger.createSession(session));
  }

  async updateSession(id: SessionId, change: (session: Session) => Session): Promise<Session> {
    let trees: readonly Hash[] = [];
    const updated = await this.#ledger.updateSession(id, (session) => {
      const next = change(session);
      if (next === session) return next;
      const kept = new Set(treesIn(sessionRoots(session)));
      trees = treesIn(sessionRoots(next)).filter((tree) => !kept.has(tree));
      for (const tree of trees) this.#blobs.requireYoung(tree);
      return next;
    });
    this.#noteRecorded(trees);
    return updated;
  }

  exists(): Promise<boolean> {
    return this.#ledger.exists();
  }

  readHead(): Promise<HeadVersion> {
    return this.#ledger.readHead();
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#ledger.inTurn(work);
  }

  readLanding(sequence: number): Promise<Landing> {
    return this.#ledger.readLanding(sequence);
  }

  readSession(id: SessionId): Promise<Session | undefined> {
    return this.#ledger.readSession(id);
  }

  listSessions(): AsyncIterable<Session> {
    return this.#ledger.listSessions();
  }

  deleteSession(id: SessionId): Promise<void> {
    return this.#ledger.deleteSession(id);
  }

  async #recording<T>(trees: readonly Hash[], record: () => Promise<T>): Promise<T> {
    for (const tree of trees) this.#blobs.requireYoung(tree);
    const result = await record();
    // A lost race for the head has recorded nothing.
    if (result !== 'lost') this.#noteRecorded(trees);
    return result;
  }

  /** They are kept now, and may be recorded again at any time. */
  #noteRecorded(trees: readonly Hash[]): void {
    for (const tree of trees) this.#blobs.written.noteRecorded(tree, this.#blobs.clock.now());
  }
}

function treesIn(roots: Iterable<Root>): Hash[] {
  return Array.from(roots).flatMap(({ kind, hash }) => (kind === 'tree' ? [hash] : []));
}
