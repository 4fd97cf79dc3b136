import type { Hash } from '../../base/hash.ts';
import { randomText } from '../../base/random.ts';
import type { Conflict } from '../../merge/conflict.ts';
import { type Backoff, backoffMs, type Sleep } from '../../storage/backoff.ts';
import type { TreeChange } from '../../tree/diff.ts';
import { locatedNode } from '../../tree/located-node.ts';
import { NodeTransaction } from '../../tree/node-store.ts';
import { FileTransaction } from '../file-transaction.ts';
import { type Head, isSameSession, type Landing, nextHead, type Origin } from '../head.ts';
import type { HeadVersion } from '../ledger-port.ts';
import { PathFilter } from '../path-filter.ts';
import type { ProjectContext } from '../project.ts';
import type { Agent, Base } from '../session.ts';
import { SessionError } from '../session-error.ts';
import { fileChanges } from './file-changes.ts';
import { LandingLog } from './landing-log.ts';
import { type Changes, changesBetween, mergeOntoHead } from './merge-onto-head.ts';

/** Something that is to land: what changed between `base` and `tree`, and why. */
export interface Candidate {
  readonly origin: Origin;
  readonly agent: Agent;
  readonly message: string;
  readonly base: Base;
  readonly tree: Hash;
}

export type LandingOutcome =
  | { readonly outcome: 'landed'; readonly landing: Landing }
  | { readonly outcome: 'conflict'; readonly conflicts: readonly Conflict[]; readonly head: Base };

interface Waiting {
  readonly candidate: Candidate;
  /** Worked out at the first attempt. */
  changes?: Changes;
  settle(outcome: LandingOutcome): void;
  fail(error: unknown): void;
}

/** Candidates that may land in one move of the head. */
const candidatesPerMoveMax = 64;
/** Path filters are asked of this many landings at the most; beyond, reading both trees is cheaper. */
const filteredLandingsMax = 256;
/** How many landings a file list is kept of, in a landing; the trees have all. */
const listedChangesMax = 200;
/** How often in a row the head may move away under an attempt before it is given up: after about two minutes. */
const lossesMax = 256;
/**
 * How long who has lost a race waits: as long as a move takes to a store near or far. What comes meanwhile lands with it,
 * and who is at it has fewer rivals.
 */
const lossBackoff: Backoff = { firstMs: 50, maxMs: 1000 };

/** An attempt to move the head, as it grows. */
interface Move {
  readonly current: HeadVersion;
  readonly files: FileTransaction;
  readonly nodes: NodeTransaction;
  /** What the head becomes with what has landed so far. */
  base: Base;
  readonly landed: { readonly waiting: Waiting; readonly landing: Landing; readonly filter: PathFilter }[];
  /** For the next move. */
  readonly again: Waiting[];
}

/** What became of one. `lost` when somebody else was faster. */
interface Attempt {
  readonly outcome: 'moved' | 'lost';
  readonly open: readonly Waiting[];
}

/**
 * Lands candidates on one project, one move of the head after the other. What waits while a move is under way lands
 * together in the next one, each as a landing of its own: so the rate is not bound by one compare-and-swap a landing.
 * Other processes may land at the same time; whoever loses the race merges again onto the new head.
 */
export class LandingQueue {
  readonly #project: ProjectContext;
  readonly #sleep: Sleep;
  readonly #log: LandingLog;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(project: ProjectContext, sleep: Sleep) {
    this.#project = project;
    this.#sleep = sleep;
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
    for (let losses = 0; this.#waiting.length > 0; ) {
      const outcome = await this.#project.ledger.inTurn(() => this.#landNext(losses));
      losses = outcome === 'lost' ? losses + 1 : 0;
      if (losses > 0) await this.#sleep(backoffMs(this.#project.random, lossBackoff, losses - 1));
    }
    this.#running = false;
  }

  /** Tries to land what waits, after so many losses. What is still open afterwards waits again, in front of all others. */
  async #landNext(losses: number): Promise<'moved' | 'lost'> {
    const group = this.#waiting.splice(0, candidatesPerMoveMax);
    try {
      if (losses === lossesMax) {
        throw new SessionError(
          'landing/busy',
          'Others landed all the time while this was tried. Nothing was changed; try again.',
        );
      }
      const { outcome, open } = await this.#attempt(group);
      this.#waiting.unshift(...open);
      return outcome;
    } catch (error) {
      for (const { fail } of group) fail(error);
      return 'moved';
    }
  }

  /** One try to move the head, and what is still open after it. */
  async #attempt(group: readonly Waiting[]): Promise<Attempt> {
    const { ledger, blobs, nodes } = this.#project;
    const current = await ledger.readHead();
    const batch = await blobs.openBatch({ expects: 'few' });
    const move: Move = {
      current,
      files: new FileTransaction(blobs, batch),
      nodes: new NodeTransaction(nodes, batch),
      base: { tree: current.head.tree, sequence: current.head.sequence },
      landed: [],
      again: [],
    };
    for (const waiting of group) {
      try {
        await this.#add(move, waiting);
      } catch (error) {
        // What cannot be read of one candidate is no reason not to land the others.
        waiting.fail(error);
      }
    }
    const { landed, again } = move;
    if (landed.length === 0) return { outcome: 'moved', open: again };
    const lost: Attempt = { outcome: 'lost', open: [...landed.map(({ waiting }) => waiting), ...again] };
    // Somebody may have moved the head meanwhile: then nothing needs to be written for an attempt that must fail.
    if (batch.newObjects > 0 && (await ledger.readHead()).version !== current.version) return lost;
    await batch.flush();
    const landings = landed.map(({ landing }) => landing);
    const root = await locatedNode(move.nodes, blobs, move.base.tree);
    const next = nextHead(current.head, landings, root.toString('base64'));
    if ((await ledger.moveHead(current, next)) === 'lost') return lost;
    for (const { waiting, landing } of landed) waiting.settle({ outcome: 'landed', landing });
    return { outcome: 'moved', open: again };
  }

  /** Merges a candidate onto what the move makes of the head so far, or settles it, or leaves it for the next move. */
  async #add(move: Move, waiting: Waiting): Promise<void> {
    const { candidate } = waiting;
    const { head } = move.current;
    if (candidate.origin.kind === 'session') {
      const earlier = await this.#log.find(head, candidate.origin.session, candidate.base.sequence);
      if (earlier !== undefined) return waiting.settle({ outcome: 'landed', landing: earlier });
    }
    if (move.landed.some(({ landing }) => isSameSession(landing.origin, candidate.origin))) {
      move.again.push(waiting);
      return;
    }
    waiting.changes ??= await changesBetween(this.#project.nodes, candidate.base.tree, candidate.tree);
    const since = await this.#filtersSince(head, candidate.base.sequence, move);
    const merged = await mergeOntoHead(move.files, move.nodes, move.base.tree, waiting.changes, since);
    if (merged.outcome === 'clean') {
      const landing = this.#landingOf(candidate, move.base, merged.tree, merged.changes);
      move.landed.push({ waiting, landing, filter: PathFilter.decode(landing.paths) });
      move.base = { tree: landing.tree, sequence: landing.sequence };
    } else if (move.landed.length === 0) {
      waiting.settle({ ...merged, head: move.base });
    } else {
      // What conflicts only with others of this group is judged again once they have landed or not.
      move.again.push(waiting);
    }
  }

  /** The path filters of what led from `sequence` to the head and to this move; undefined when they are too many. */
  async #filtersSince(head: Head, sequence: number, move: Move): Promise<readonly PathFilter[] | undefined> {
    if (head.sequence - sequence > filteredLandingsMax) return undefined;
    const since = await this.#log.between(head, sequence);
    return [...since, ...move.landed].map(({ filter }) => filter);
  }

  #landingOf(candidate: Candidate, head: Base, tree: Hash, changes: readonly TreeChange[]): Landing {
    const files = fileChanges(changes);
    return {
      sequence: head.sequence + 1,
      id: randomText(this.#project.random, 16),
      origin: candidate.origin,
      agent: candidate.agent,
      message: candidate.message,
      atMs: this.#project.clock.now(),
      before: head.tree,
      tree,
      base: candidate.base,
      changeCount: files.length,
      changes: files.slice(0, listedChangesMax),
      paths: PathFilter.of(changes).encode(),
    };
  }
}
