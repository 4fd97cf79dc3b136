import type { Clock } from '../../base/clock.ts';
import type { Hash } from '../../base/hash.ts';
import { type Claim, confirmLease, giveLeaseBack, type TakeMode, takeLease } from '../../session/lease.ts';
import type { ProjectLedger } from '../../session/project.ts';
import type { Session } from '../../session/session.ts';
import type { SessionId } from '../../session/session-id.ts';
import { fileSystemError, NotResident } from '../../vfs/file-system-error.ts';
import type { UnrecordedMark } from './unrecorded-mark.ts';

/** How long a client's change waits for the store to say whose the session is, in ms; then it is made all the same. */
const patienceMs = 5000;

export interface SessionLeaseOptions {
  readonly session: SessionId;
  readonly claim: Claim;
  readonly project: () => Promise<ProjectLedger>;
  /** Whether the files here are made from `tree`: then nobody has changed the session behind our back. */
  readonly isOurs: (tree: Hash) => boolean;
  readonly clock: Clock;
  /** Ends after `ms`, and keeps no process alive. */
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Called when somebody else has the session. */
  readonly onLost: (session: Session) => void;
  /** Called when the store does not answer, once until it does again. */
  readonly onFailure: (error: unknown) => void;
  /** Says for the next process whether something is not recorded. */
  readonly mark: UnrecordedMark;
}

/**
 * The lease of one session, as this file server has it. It is taken by the first change, renewed while there are changes
 * that are not recorded, and given back when nothing was changed for a term and everything is recorded: a session in
 * which nobody works costs no request.
 */
export class SessionLease {
  readonly #options: SessionLeaseOptions;
  /** `lost`: somebody else writes the session, and here nothing is changed any more until the files were merged. */
  #state: 'unsure' | 'held' | 'lost' = 'unsure';
  /** Until when clients may change something without another look at the store. */
  #permittedUntilMs = 0;
  #usedMs: number;
  /** Changes so far; how many the last capture has, and how many are recorded. */
  #changes = 0;
  #captured = 0;
  #recorded = 0;
  /** Since when something is not recorded, or was last tried to be. */
  #unrecordedMs: number;
  #wasOpened = false;
  /** One thing after the other is done to the lease. Never fails. */
  #turn: Promise<unknown> = Promise.resolve();
  #confirming: Promise<void> | undefined;
  #isOutOfReach = false;

  constructor(options: SessionLeaseOptions) {
    this.#options = options;
    this.#usedMs = this.#unrecordedMs = options.clock.now();
  }

  get isLost(): boolean {
    return this.#state === 'lost';
  }

  /** Whether there may be changes that the session does not have. */
  get isUnrecorded(): boolean {
    return this.#changes !== this.#recorded;
  }

  /**
   * Asked before a client changes something: throws `file-system/read-only` when somebody else writes the session, and
   * `NotResident` when the store has to be asked first.
   */
  beforeChange(): void {
    if (this.#state === 'lost') throw fileSystemError('file-system/read-only');
    const now = this.#options.clock.now();
    if (now >= this.#permittedUntilMs) throw new NotResident(this.#confirmPatiently());
    this.#countChange(now);
  }

  /** The file system was opened. What an earlier process has left in it may not be recorded. */
  noteOpened(mayHaveChanges: boolean): void {
    if (mayHaveChanges && !this.#wasOpened) this.#countChange(this.#options.clock.now());
    this.#wasOpened = true;
  }

  /** The files are about to be captured. */
  noteCapture(): void {
    this.#captured = this.#changes;
    this.#unrecordedMs = this.#options.clock.now();
  }

  /** What was captured is recorded. */
  noteRecorded(): void {
    if (!this.isUnrecorded) return;
    this.#recorded = this.#captured;
    if (!this.isUnrecorded) this.#options.mark.clear();
  }

  /** What was changed so far cannot be recorded in this session. */
  leaveUnrecorded(): void {
    this.noteCapture();
    this.noteRecorded();
  }

  /** Session and files agree: whoever wrote the session meanwhile, their changes are here too. */
  noteAgreed(): void {
    this.noteRecorded();
    if (this.#state !== 'lost') return;
    this.#state = 'unsure';
    this.#permittedUntilMs = 0;
  }

  /** Whether something has not been recorded for `ms`, nor tried to be. */
  isRecordingDue(ms: number): boolean {
    return (
      this.isUnrecorded && this.#state !== 'lost' && this.#options.clock.now() >= this.#unrecordedMs + ms
    );
  }

  /** Renews the lease, or gives it back, where it is time. Called every third of a term. */
  async tend(): Promise<void> {
    const { clock, claim } = this.#options;
    const now = clock.now();
    if (this.#state === 'lost') return;
    if (this.isUnrecorded) {
      if (now >= this.#permittedUntilMs - (2 / 3) * claim.termMs) await this.#confirm();
    } else if (this.#state === 'held' && now >= this.#usedMs + claim.termMs) await this.giveBack();
  }

  /** See `takeLease`. */
  take(mode: TakeMode): Promise<void> {
    const { session, claim, project, sleep } = this.#options;
    return this.#inTurn(async () => {
      const beganMs = this.#options.clock.now();
      const { sinceMs } = await takeLease(await project(), session, claim, mode, sleep);
      // Time may have passed while a lapsed lease was looked at: what counts is when it was written.
      this.#hold(Math.max(beganMs, sinceMs));
    });
  }

  /** Gives the lease back, where nothing is left to be recorded. The next change takes it again. */
  giveBack(): Promise<void> {
    const { session, claim, project } = this.#options;
    return this.#inTurn(async () => {
      if (this.#state !== 'held' || this.isUnrecorded) return;
      // First of all, so that who changes something meanwhile waits for its turn.
      this.#state = 'unsure';
      this.#permittedUntilMs = 0;
      try {
        await giveLeaseBack(await project(), session, claim.holder);
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #countChange(now: number): void {
    if (!this.isUnrecorded) {
      this.#unrecordedMs = now;
      this.#options.mark.set();
    }
    this.#changes++;
    this.#usedMs = now;
  }

  #confirm(): Promise<void> {
    this.#confirming ??= this.#inTurn(() => this.#askStore()).finally(() => {
      this.#confirming = undefined;
    });
    return this.#confirming;
  }

  /**
   * The same, for a client. A store that is out of reach keeps nobody from working: what is changed is kept here, and
   * whether it may be recorded is decided then.
   */
  async #confirmPatiently(): Promise<void> {
    await Promise.race([this.#confirm(), this.#options.sleep(patienceMs)]);
    const isAsked = this.#state === 'lost' || this.#options.clock.now() < this.#permittedUntilMs;
    if (!isAsked) this.#goOnUnsure();
  }

  async #askStore(): Promise<void> {
    const { session, claim, project, isOurs, clock, onLost } = this.#options;
    const beganMs = clock.now();
    try {
      const confirmation = await confirmLease(await project(), session, claim, isOurs);
      this.#isOutOfReach = false;
      if (confirmation.outcome === 'held') {
        this.#hold(beganMs);
        return;
      }
      this.#state = 'lost';
      onLost(confirmation.session);
    } catch (error) {
      this.#fail(error);
      this.#goOnUnsure();
    }
  }

  #fail(error: unknown): void {
    if (!this.#isOutOfReach) this.#options.onFailure(error);
    this.#isOutOfReach = true;
  }

  #hold(sinceMs: number): void {
    this.#state = 'held';
    this.#usedMs = this.#options.clock.now();
    this.#permittedUntilMs = sinceMs + this.#options.claim.termMs;
  }

  #goOnUnsure(): void {
    this.#permittedUntilMs = this.#options.clock.now() + this.#options.claim.termMs / 3;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}
