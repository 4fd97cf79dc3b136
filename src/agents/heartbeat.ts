import { hasCode } from '../base/error.ts';
import type { Slug } from '../session/plan/slug.ts';
import type { AgentWork } from './agent-work.ts';

/** A claim is renewed so often in its time. */
const beatsPerLease = 3;

/** Renews the claim of a session until it is stopped, or somebody else has it. */
export class Heartbeat {
  /** Aborted once the claim is lost. */
  readonly lost: AbortSignal;
  readonly #lost = new AbortController();
  readonly #work: AgentWork;
  readonly #slug: Slug;
  readonly #onProblem: (problem: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #beat: Promise<void> = Promise.resolve();

  /** `onProblem` is told of renewals that failed and are tried again: only losing the claim ends the work. */
  constructor(work: AgentWork, slug: Slug, onProblem: (problem: unknown) => void) {
    this.#work = work;
    this.#slug = slug;
    this.#onProblem = onProblem;
    this.lost = this.#lost.signal;
    this.#schedule();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#beat;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#beat = this.#renew();
    }, this.#work.leaseMs / beatsPerLease);
  }

  async #renew(): Promise<void> {
    try {
      await this.#work.renew(this.#slug);
    } catch (error) {
      if (hasCode(error, 'session/claim-lost')) {
        this.#lost.abort();
        return;
      }
      this.#onProblem(error);
    }
    if (this.#timer !== undefined) this.#schedule();
  }
}
