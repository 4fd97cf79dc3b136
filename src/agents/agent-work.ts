import type { Slug } from '../session/plan/slug.ts';

/** A session that an agent may take. */
export interface WaitingSession {
  readonly slug: Slug;
  /** `planned`: to be claimed. `lapsed`: its agent is gone, and its claim may be taken over. */
  readonly found: 'planned' | 'lapsed';
  /** Its SESSION.md. */
  readonly plan: string;
  /** Its record of attempts (`attempts.ts`); empty where it has none. */
  readonly attempts: string;
}

/** Where an agent program works, and what it is told. */
export interface PlacedWork {
  /** The top of the workspace, absolute. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Values that no log may have. */
  readonly secrets: readonly string[];
}

/** What is written into a session's folder. */
export interface WorkNotes {
  /** An entry of the worklog. */
  readonly worklog?: string;
  /** What becomes of the record of attempts. */
  readonly attempts?: (before: string) => string;
}

/**
 * `completed`: as that taking. `given-back`, `shelved` and `abandoned`: that taking was ended on purpose, and nobody has taken
 * it since; it is planned, drafted or abandoned now. `lost`: somebody else has it, or had it last.
 */
export type TakenStanding =
  | 'held'
  | 'conflicted'
  | 'completed'
  | 'given-back'
  | 'shelved'
  | 'abandoned'
  | 'lost';

/** How a completion went. `refused`: the session is not as it must be, and nothing was done. */
export type CompletedWork =
  /** `left`: what became of files that nobody has committed, for people; empty where there is nothing to say. */
  | { readonly outcome: 'completed'; readonly left: string }
  | { readonly outcome: 'conflict'; readonly paths: readonly string[] }
  | { readonly outcome: 'refused'; readonly reason: string };

/**
 * The sessions that agents work on, as one machine sees them; `app/` fills it in. What is done as the holder of a session
 * throws an error with the code `session/claim-lost` where somebody else has it by now.
 */
export interface AgentWork {
  /** How long a claim is good for without being renewed, in ms. */
  readonly leaseMs: number;
  /** Who works, and on which machine, for people: `Ada on workshop`. */
  readonly worker: string;
  /** A word that is another one after anything has changed; undefined where looking costs as much as asking. */
  mark(): Promise<string | undefined>;
  /** What may be taken now, in no order. Throws where none can be worked on, whichever it is. */
  waiting(): Promise<readonly WaitingSession[]>;
  /** Takes a session. `taking` names this taking, and was never given before. `gone`: somebody was faster. */
  take(
    session: Pick<WaitingSession, 'slug' | 'found'>,
    taking: string,
    notes: WorkNotes,
  ): Promise<'taken' | 'gone'>;
  /** How a session stands for whoever was about to take it as `taking`, or has. Changes nothing. */
  standing(slug: Slug, taking: string): Promise<TakenStanding>;
  /** Takes a session up again that is held as `taking`, by this machine, and puts right what goes with that. */
  resume(slug: Slug, taking: string, notes: WorkNotes): Promise<void>;
  /** The top of the workspace that a session has on this machine, absolute; undefined where it has none. */
  workspaceOf(slug: Slug): Promise<string | undefined>;
  /** Gives a session that is held its workspace, whatever a killed process has made of it before. */
  place(slug: Slug): Promise<PlacedWork>;
  /** Says that somebody is still at work. */
  renew(slug: Slug): Promise<void>;
  note(slug: Slug, notes: WorkNotes): Promise<void>;
  /** Notes how an attempt ended, of a session that is not held any more. */
  noteEnd(slug: Slug, attempts: (before: string) => string): Promise<void>;
  /** Commits all that the workspace has and nobody has committed. */
  commitRest(slug: Slug): Promise<void>;
  /** Completes a session, or notes that it met a conflict. `unmet` is why criteria may be left open. */
  complete(slug: Slug, unmet: string | undefined): Promise<CompletedWork>;
  /** Keeps what the workspace holds, and gives the session back to `planned/`. */
  release(slug: Slug, notes: WorkNotes): Promise<void>;
  /** Takes a planned session out of the queue, to `drafting/`. */
  shelve(slug: Slug, attempts: (before: string) => string): Promise<void>;
  /** Removes what a session that is completed has left on this machine. Returns the same as `left` of `CompletedWork`. */
  tidy(slug: Slug): Promise<string>;
}
