import type { Hash } from '../../base/hash.ts';
import { randomText } from '../../base/random.ts';
import type { Conflict } from '../../merge/conflict.ts';
import { treeChanges } from '../../tree/diff.ts';
import { NodeTransaction } from '../../tree/node-store.ts';
import { isSameSession, type Landing, type Origin } from '../head.ts';
import type { HeadVersion } from '../ledger-port.ts';
import { PathFilter } from '../path-filter.ts';
import type { ProjectContext } from '../project.ts';
import type { Agent, Base } from '../session.ts';
import { SessionError } from '../session-error.ts';
import { fileChanges } from './file-changes.ts';
import { LandingLog } from './landing-log.ts';
import { mergeOntoHead } from './merge-onto-head.ts';

/** Something that is to land: what changed between `base` and `tree`, and why. */
export interface Candidate {
  readonly origin: Origin;
  readonly agent: Agent;
  readonly message: string;
  readonly base: Base;
  readonly tree: Hash;
  /** Landings behind this one may already hold this candidate. */
  readonly after: number;
}

export type LandingOutcome =
  | { readonly outcome: 'landed'; readonly landing: Landing }
  | { readonly outcome: 'conflict'; readonly conflicts: readonly Conflict[]; readonly head: Base };

interface Waiting {
  readonly candidate: Candidate;
  settle(outcome: LandingOutcome): void;
  fail(error: unknown): void;
}

/** Candidates that may land in one move of the head. */
const candidatesPerMoveMax = 64;
/** Path filters are asked of this many landings at the most; beyond, reading both trees is cheaper. */
const filteredLandingsMax = 256;
/** How many landings a file list is kept of, in a landing; the trees have all. */
const listedChangesMax = 200;
/** How often the head may move away under an attempt before it is given up. */
const attemptsMax = 1000;

/**
 * Lands candidates on one project, one move of the head after the other. What waits while a move is under way lands
 * together in the next one, each as a landing of its own: so the rate is not bound by one compare-and-swap a landing.
 * Other processes may land at the same time; whoever loses the race merges again onto the new head.
 */
export class LandingQueue {
  readonly #project: ProjectContext;
  readonly #log: LandingLog;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(project: ProjectContext) {
    this.#project = project;
    this.#log = new LandingLog(project.ledger);
  }

  /** Lands `candidate`, or finds the landing that already holds it, or tells why it cannot be merged. */
  land(candidate: Candidate): Promise<LandingOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<LandingOutcome>();
    this.#waiting.push({ candidate, settle: resolve, fail: reject });
    if (!this.#running) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Whoever asks in the same turn of the event loop lands in the same move.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, candidatesPerMoveMax);
      try {
        await this.#landGroup(group);
      } catch (error) {
        for (const { fail } of group) fail(error);
      }
    }
    this.#running = false;
  }

  async #landGroup(group: readonly Waiting[]): Promise<void> {
    let open = group;
    for (let attempt = 0; open.length > 0; attempt++) {
      if (attempt === attemptsMax) {
        throw new SessionError(
          'landing/busy',
          'Others landed all the time while this was tried. Nothing was changed; try again.',
        );
      }
      open = await this.#attempt(open);
    }
  }

  /** One try to move the head. Returns what is still open. */
  async #attempt(group: readonly Waiting[]): Promise<readonly Waiting[]> {
    const { ledger, blobs, nodes } = this.#project;
    const current = await ledger.readHead();
    const batch = await blobs.openBatch();
    const transaction = new NodeTransaction(nodes, batch);
    const landed: { readonly waiting: Waiting; readonly landing: Landing }[] = [];
    const again: Waiting[] = [];
    let { tree, sequence } = current.head;
    for (const waiting of group) {
      const { candidate } = waiting;
      const earlier = await this.#log.find(current.head, candidate);
      if (earlier !== undefined) {
        waiting.settle({ outcome: 'landed', landing: earlier });
        continue;
      }
      if (landed.some(({ landing }) => isSameSession(landing.origin, candidate.origin))) {
        again.push(waiting);
        continue;
      }
      const since = await this.#landingsSince(
        current,
        candidate.base.sequence,
        landed.map(({ landing }) => landing),
      );
      const merged = await mergeOntoHead(
        this.#project,
        batch,
        transaction,
        tree,
        { base: candidate.base.tree, tree: candidate.tree },
        since,
      );
      if (merged.outcome === 'conflict') {
        // What conflicts only with others of this group is judged again once they have landed or not.
        if (landed.length === 0) waiting.settle({ ...merged, head: { tree, sequence } });
        else again.push(waiting);
        continue;
      }
      const landing = await this.#landingOf(candidate, transaction, tree, merged.tree, sequence + 1);
      landed.push({ waiting, landing });
      ({ tree, sequence } = landing);
    }
    if (landed.length === 0) return again;
    await batch.flush();
    const next = { ...current.head, tree, sequence, landings: landed.map(({ landing }) => landing) };
    if ((await ledger.moveHead(current, next)) === 'lost')
      return [...landed.map(({ waiting }) => waiting), ...again];
    for (const { waiting, landing } of landed) waiting.settle({ outcome: 'landed', landing });
    return again;
  }

  /** The landings that led from `sequence` to the head and to this group's own; undefined when they are too many. */
  async #landingsSince(
    { head }: HeadVersion,
    sequence: number,
    group: readonly Landing[],
  ): Promise<readonly Landing[] | undefined> {
    if (head.sequence - sequence > filteredLandingsMax) return undefined;
    return [...(await this.#log.between(head, sequence)), ...group];
  }

  async #landingOf(
    candidate: Candidate,
    nodes: NodeTransaction,
    before: Hash,
    tree: Hash,
    sequence: number,
  ): Promise<Landing> {
    const changes = await treeChanges(nodes, before, tree);
    const files = fileChanges(changes);
    return {
      sequence,
      id: randomText(this.#project.random, 16),
      origin: candidate.origin,
      agent: candidate.agent,
      message: candidate.message,
      atMs: this.#project.clock.now(),
      before,
      tree,
      base: candidate.base,
      changeCount: files.length,
      changes: files.slice(0, listedChangesMax),
      paths: PathFilter.of(changes).encode(),
    };
  }
}
