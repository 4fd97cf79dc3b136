import type { SessionId } from '../../session/session-id.ts';
import { type ObjectKey, parseKey } from '../../storage/object-store.ts';

/** Where the mutable documents of one project lie (`docs/formats/store-layout.md`). */
export class LedgerLayout {
  readonly #prefix: string;

  /** `prefix` ends without a slash. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get head(): ObjectKey {
    return parseKey(`${this.#prefix}/head.json`);
  }

  landing(sequence: number): ObjectKey {
    return parseKey(`${this.landings}${sequence}.json`);
  }

  get landings(): string {
    return `${this.#prefix}/landings/`;
  }

  get sessions(): string {
    return `${this.#prefix}/sessions/`;
  }

  session(id: SessionId): ObjectKey {
    return parseKey(`${this.sessions}${id}/metadata.json`);
  }
}
