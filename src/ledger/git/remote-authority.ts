import type { Clock } from '../../base/clock.ts';
import { hasCode } from '../../base/error.ts';
import { moveBranch } from '../../git/move-branch.ts';
import type { ObjectId } from '../../git/object-id.ts';
import { moveRefs, type RefMove, type RefName, type RefState, readRef } from '../../git/refs.ts';
import { fetchObjects, type PushHooks, pushRefs, type Remote, readRemoteRefs } from '../../git/remote.ts';
import { gitArguments } from '../../git/repository.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Authority, AuthorityRefs, LedgerNote, MoveOptions, MoveResult } from './authority.ts';
import { authorityRefs } from './authority-refs.ts';
import { GitLedgerError } from './git-ledger-error.ts';
import type { Hub } from './hub.ts';
import type { HubReader } from './hub-reader.ts';
import { type LastKnown, readLastLook, writeLastLook } from './last-look.ts';
import { claimRef, claimRefs, slugOfClaimRef } from './layout.ts';
import { catchUpCheckouts, checkoutWaitMs } from './local-authority.ts';

/** How often what was just listed may be gone when it is fetched. */
const fetchAttemptsMax = 5;
/** How often a push is sent whose connection breaks. */
const pushAttemptsMax = 3;

/** How long a remote may take to say where its refs are, and to send what is missing, in ms; undefined: what git usually gets. */
const patiences = {
  usual: { listMsMax: undefined, fetchMsMax: undefined },
  short: { listMsMax: 10_000, fetchMsMax: 30_000 },
} as const;

export interface RemoteAuthorityOptions {
  readonly reader: HubReader;
  readonly clock: Clock;
  /** How long to wait for an answer: `short` is for who can do without. */
  readonly patience: keyof typeof patiences;
}

/** The remote that several hubs share decides; each hub's own main follows it. */
export class RemoteAuthority implements Authority {
  readonly name: string;
  readonly #hub: Hub;
  readonly #remote: Remote;
  readonly #reader: HubReader;
  readonly #clock: Clock;
  readonly #patience: (typeof patiences)[keyof typeof patiences];
  /** What was found last, with what was moved since. */
  #last: AuthorityRefs | undefined;
  /** When that was: by the clock that only goes forward, and by the one that also goes while the machine sleeps, in ms. */
  #lookedMs = { monotonic: 0, wall: 0 };
  /** Whether the remote may give objects that are asked for by their ids: until it refuses once. */
  #givesById = true;
  /** What the hub is known to have. */
  readonly #present = new Set<ObjectId>();

  constructor(hub: Hub, remote: string, { reader, clock, patience }: RemoteAuthorityOptions) {
    this.name = remote;
    this.#hub = hub;
    this.#remote = { repository: hub.repository, name: remote };
    this.#reader = reader;
    this.#clock = clock;
    this.#patience = patiences[patience];
  }

  async look(): Promise<AuthorityRefs> {
    for (let attempt = 1; attempt <= fetchAttemptsMax; attempt++) {
      const askedMs = { monotonic: performance.now(), wall: this.#clock.now() };
      const refs = await this.#list([this.#hub.main, claimRefs]);
      const found = authorityRefs(refs, this.#hub.main, `The remote "${this.name}"`);
      const missing = await this.#missing(found);
      if (missing.size === 0) return this.#found(found, askedMs);
      await this.#fetch(missing);
      if ((await this.#missing(found)).size > 0) continue;
      if (missing.has(this.#hub.main)) await this.#followMain(found.main);
      return this.#found(found, askedMs);
    }
    throw this.#unreachable('what it lists cannot be fetched from it');
  }

  recent(msMax: number): AuthorityRefs | undefined {
    const { monotonic, wall } = this.#lookedMs;
    const ageMs = Math.max(performance.now() - monotonic, Math.abs(this.#clock.now() - wall));
    return ageMs < msMax ? this.#last : undefined;
  }

  /** What is known without asking, as of the last look, or else of the last fetch: only that of which the objects are here. */
  async lastKnown(): Promise<LastKnown | undefined> {
    const { repository, main } = this.#hub;
    const last = readLastLook(repository, this.name);
    if (last !== undefined && (await this.#has(last.refs.main))) {
      const claims = new Map<Slug, ObjectId>();
      for (const [slug, id] of last.refs.claims) if (await this.#has(id)) claims.set(slug, id);
      return { ...last, refs: { main: last.refs.main, claims } };
    }
    for (const ref of [this.#trackingRef, main]) {
      const commit = await readRef(repository, ref);
      if (commit !== 'absent') return { refs: { main: commit, claims: new Map() }, atMs: undefined };
    }
    return undefined;
  }

  #found(refs: AuthorityRefs, askedMs: { readonly monotonic: number; readonly wall: number }): AuthorityRefs {
    this.#lookedMs = askedMs;
    this.#noted(refs);
    return refs;
  }

  #noted(refs: AuthorityRefs): void {
    this.#last = refs;
    writeLastLook(this.#hub.repository, this.name, { refs, atMs: this.#clock.now() });
  }

  /** Notes what has just been moved, on top of what was seen. */
  #noteMoves(moves: readonly RefMove[]): void {
    if (this.#last === undefined) return;
    let { main } = this.#last;
    const claims = new Map(this.#last.claims);
    for (const { ref, next } of moves) {
      const slug = slugOfClaimRef(ref);
      if (ref === this.#hub.main && next !== 'absent') main = next;
      if (slug === undefined) continue;
      if (next === 'absent') claims.delete(slug);
      else claims.set(slug, next);
    }
    this.#noted({ main, claims });
  }

  /** The refs whose objects the hub has not, and those objects. */
  async #missing(found: AuthorityRefs): Promise<ReadonlyMap<RefName, ObjectId>> {
    const missing = new Map<RefName, ObjectId>();
    if (!(await this.#hasAllOf(found.main))) missing.set(this.#hub.main, found.main);
    for (const [slug, id] of found.claims) if (!(await this.#has(id))) missing.set(claimRef(slug), id);
    return missing;
  }

  async move(moves: readonly RefMove[], { hooks }: MoveOptions): Promise<MoveResult> {
    const pushed = await this.#push(moves, hooks);
    if ('words' in pushed) return pushed;
    if (pushed.outcome === 'lost') return { outcome: 'lost' };
    const { main } = this.#hub;
    const ofMain = moves.find(({ ref }) => ref === main)?.next;
    for (const { next } of moves) if (next !== 'absent') this.#present.add(next);
    this.#noteMoves(moves);
    const notes = ofMain === undefined || ofMain === 'absent' ? [] : await this.#followMain(ofMain);
    return { outcome: 'moved', notes };
  }

  async catchUp(): Promise<readonly LedgerNote[]> {
    const { main } = await this.look();
    const notes = await this.#followMain(main);
    return [...notes, ...(await catchUpCheckouts(this.#hub))];
  }

  /**
   * Pushes until it is known what came of it. A push whose connection broke may be done even after a look has found nothing
   * done. So the very same one is sent again: whichever comes first is done, and the other one finds it so.
   */
  async #push(
    moves: readonly RefMove[],
    hooks: PushHooks,
  ): Promise<{ readonly outcome: 'moved' | 'lost' } | Extract<MoveResult, { outcome: 'refused' }>> {
    for (let attempt = 1; ; attempt++) {
      const pushed = await pushRefs(this.#remote, moves, hooks);
      if (pushed.outcome === 'moved') return { outcome: 'moved' };
      const outcome = await this.#whatHappened(moves);
      if (outcome !== 'unchanged') return { outcome };
      const { error } = pushed;
      if (error.code !== 'git/unreachable') return { outcome: 'refused', words: error.message };
      if (attempt === pushAttemptsMax) throw this.#unreachable(error.message, error);
    }
  }

  /** After a push that did not say that it was done. */
  async #whatHappened(moves: readonly RefMove[]): Promise<'moved' | 'unchanged' | 'lost'> {
    const now = await this.#list(moves.map(({ ref }) => ref));
    const isAt = (end: 'expected' | 'next') =>
      moves.every((move) => (now.get(move.ref) ?? 'absent') === move[end]);
    if (isAt('next')) return 'moved';
    if (isAt('expected')) return 'unchanged';
    // It is all or nothing, so one ref that has moved tells for all: a claim to the very blob that is ours alone, or main
    // to our commit, on top of which others may have been put since.
    for (const { ref, next } of moves) {
      const id = now.get(ref);
      if (id === undefined || next === 'absent') continue;
      if (id === next || (ref === this.#hub.main && (await this.#isOnTop(ref, id, next)))) return 'moved';
    }
    return 'lost';
  }

  async #isOnTop(ref: RefName, id: ObjectId, commit: ObjectId): Promise<boolean> {
    if (!(await this.#hasAllOf(id))) await this.#fetch(new Map([[ref, id]]));
    return (await this.#has(id)) && this.#isAncestor(commit, id);
  }

  /** Brings the hub's main to `commit`, where that loses nothing of its own, and notes where the remote's is, as a fetch does. */
  async #followMain(commit: ObjectId): Promise<readonly LedgerNote[]> {
    const { repository, main } = this.#hub;
    if (!(await this.#has(commit))) return [];
    const tracking = this.#trackingRef;
    const [own, tracked] = await this.#ownRefs(main, tracking);
    const follows = own === 'absent' || (own !== commit && (await this.#isAncestor(own, commit)));
    const moves: RefMove[] = [];
    if (follows) moves.push({ ref: main, expected: own, next: commit });
    if (tracked !== commit) moves.push({ ref: tracking, expected: tracked, next: commit });
    const move = async () => {
      const reason = `micelio: ${this.name}`;
      const moved = await moveRefs(repository, moves, reason);
      // Whoever does the same at the same time is right as well; a fetch only notes where the remote's main is.
      return moved.outcome === 'lost' && follows ? moveRefs(repository, moves.slice(0, 1), reason) : moved;
    };
    if (!follows) {
      if (moves.length > 0) await move();
      // Older than what the hub has already: somebody else's answer was faster.
      const isOlder = own === commit || (await this.#isAncestor(commit, own));
      return isOlder ? [] : [{ kind: 'hub-diverged', remote: this.name }];
    }
    const moved = { repository, branch: main, expected: own, move, waitMs: checkoutWaitMs };
    const { notes } = await moveBranch(await this.#hub.checkouts(), moved);
    return notes.map((note) => ({ kind: 'checkout', ...note }));
  }

  /** What refs of the hub's own point to. */
  async #ownRefs(...refs: readonly [RefName, RefName]): Promise<readonly [RefState, RefState]> {
    const [first, second] = await this.#reader.current.resolve(refs);
    return [first?.id ?? 'absent', second?.id ?? 'absent'];
  }

  get #trackingRef(): RefName {
    return `refs/remotes/${this.name}/${this.#hub.main.slice('refs/heads/'.length)}`;
  }

  async #isAncestor(older: ObjectId, newer: ObjectId): Promise<boolean> {
    const { repository } = this.#hub;
    const args = gitArguments(repository, ['merge-base', '--is-ancestor', older, newer]);
    return (await repository.git.attempt(args)).exitCode === 0;
  }

  /**
   * Whether the hub has a commit and all below it, as far as its refs say. The commit alone is no sign: another process may
   * just be fetching it, and git writes it before its trees.
   */
  async #hasAllOf(commit: ObjectId): Promise<boolean> {
    if (this.#present.has(commit)) return true;
    const isThere = (await this.#ownRefs(this.#hub.main, this.#trackingRef)).includes(commit);
    if (isThere) this.#present.add(commit);
    return isThere;
  }

  /** Whether the hub has an object that has nothing below it, or came with all of it. */
  async #has(id: ObjectId): Promise<boolean> {
    if (this.#present.has(id)) return true;
    const isThere = (await this.#reader.current.typeOf(id)) !== undefined;
    if (isThere) this.#present.add(id);
    return isThere;
  }

  async #list(refs: readonly RefName[]): Promise<ReadonlyMap<RefName, ObjectId>> {
    try {
      return await readRemoteRefs(this.#waiting(this.#patience.listMsMax), refs);
    } catch (cause) {
      throw this.#unreachable(wordsOf(cause), cause);
    }
  }

  /**
   * Brings what was just listed. By their ids, claims come even where they are renewed all the time; by their names, a list
   * would always be older than what is fetched.
   */
  async #fetch(listed: ReadonlyMap<RefName, ObjectId>): Promise<void> {
    const remote = this.#waiting(this.#patience.fetchMsMax);
    try {
      if (this.#givesById) {
        await fetchObjects(remote, Array.from(listed.values()));
        for (const id of listed.values()) this.#present.add(id);
        return;
      }
    } catch (error) {
      if (hasCode(error, 'git/unreachable')) throw this.#unreachable(wordsOf(error), error);
      this.#givesById = false;
    }
    const refs = Array.from(listed.keys());
    try {
      await fetchObjects(remote, refs);
      // What is newer than the list brings what the list has of main, but not a claim that has changed since.
      for (const id of listed.values()) await this.#has(id);
    } catch (cause) {
      // A claim may have gone between the list and now; then the next list does not have it.
      const now = await this.#list(refs);
      if (refs.every((ref) => now.has(ref))) throw this.#unreachable(wordsOf(cause), cause);
    }
  }

  #waiting(answerMsMax: number | undefined): Remote {
    return answerMsMax === undefined ? this.#remote : { ...this.#remote, answerMsMax };
  }

  #unreachable(why: string, cause?: unknown): GitLedgerError {
    return new GitLedgerError(
      'ledger/unreachable',
      `The remote "${this.name}", whose refs decide, cannot be reached, so nothing is known to have changed. Offline you can go on in your workspace (edit, commit, "mic session sync"), and "mic session list", "show", "status", "drift" and "diff" tell what was last known; to claim, to note and to complete wait until "git ls-remote ${this.name}" works in the hub. Then do it again: what was done after all is found. Git says: ${why}`,
      cause === undefined ? undefined : { cause },
    );
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
