import type { RequestCounter } from './request-counter.ts';

/** The requests to remote stores. What counts them is loaded with the first of these: most commands know none. */
export class StoreRequests {
  #loading: Promise<RequestCounter> | undefined;
  /** Undefined while no remote store was opened. */
  counter: RequestCounter | undefined;

  load(): Promise<RequestCounter> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<RequestCounter> {
    const { RequestCounter } = await import('./request-counter.ts');
    this.counter = new RequestCounter();
    return this.counter;
  }
}
