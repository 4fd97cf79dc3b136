import type { Hash } from '../base/hash.ts';
import type { BlobStore } from '../blob/blob-store.ts';
import { learnPlace, placeOf } from '../blob/place.ts';
import type { NodeStore } from '../tree/node-store.ts';
import type { Head, Landing } from './head.ts';
import type { HeadVersion, Ledger } from './ledger-port.ts';
import type { Session, TreePlace } from './session.ts';
import type { SessionId } from './session-id.ts';

/**
 * A ledger whose documents say where the roots of their trees lie, as far as this process knows, and that takes in what
 * they say: who has read a document can read its files without a look at the indexes.
 */
export class LocatingLedger implements Ledger {
  readonly #ledger: Ledger;
  readonly #blobs: BlobStore;
  readonly #nodes: NodeStore;

  constructor(ledger: Ledger, blobs: BlobStore, nodes: NodeStore) {
    this.#ledger = ledger;
    this.#blobs = blobs;
    this.#nodes = nodes;
  }

  async readHead(): Promise<HeadVersion> {
    const current = await this.#ledger.readHead();
    const { tree, root, places } = current.head;
    this.#learn(places);
    if (root !== null) this.#nodes.offer(tree, Buffer.from(root, 'base64'));
    return current;
  }

  moveHead(current: HeadVersion, next: Head): Promise<'moved' | 'lost'> {
    const places = this.#placesOf([next.tree], next.places);
    return this.#ledger.moveHead(current, { ...next, places });
  }

  createSession(session: Session): Promise<void> {
    return this.#ledger.createSession(this.#located(session));
  }

  async readSession(id: SessionId): Promise<Session | undefined> {
    const session = await this.#ledger.readSession(id);
    if (session !== undefined) this.#learn(session.places);
    return session;
  }

  updateSession(id: SessionId, change: (session: Session) => Session): Promise<Session> {
    return this.#ledger.updateSession(id, (session) => {
      const next = change(session);
      const isSame = next.tree === session.tree && next.base.tree === session.base.tree;
      return isSame ? next : this.#located(next);
    });
  }

  createProject(head: Head): Promise<void> {
    return this.#ledger.createProject(head);
  }

  exists(): Promise<boolean> {
    return this.#ledger.exists();
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#ledger.inTurn(work);
  }

  readLanding(sequence: number): Promise<Landing> {
    return this.#ledger.readLanding(sequence);
  }

  listSessions(): AsyncIterable<Session> {
    return this.#ledger.listSessions();
  }

  deleteSession(id: SessionId): Promise<void> {
    return this.#ledger.deleteSession(id);
  }

  #located(session: Session): Session {
    return { ...session, places: this.#placesOf([session.base.tree, session.tree], session.places) };
  }

  /** What is not known here stays as it was said before. */
  #placesOf(trees: readonly Hash[], before: readonly TreePlace[]): TreePlace[] {
    return [...new Set(trees)].flatMap((tree) => {
      const place = placeOf(this.#blobs, tree) ?? before.find((known) => known.tree === tree)?.place;
      return place === undefined ? [] : [{ tree, place }];
    });
  }

  #learn(places: readonly TreePlace[]): void {
    for (const { tree, place } of places) learnPlace(this.#blobs, tree, place);
  }
}
