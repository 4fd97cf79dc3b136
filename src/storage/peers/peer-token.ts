import { createHash, timingSafeEqual } from 'node:crypto';
import { StorageError } from '../object-store.ts';

const tokenPattern = /^[\x21-\x7e]{16,512}$/;

/** The secret that peers share. It shows itself in requests only: never printed, never in a message. */
export class PeerToken {
  readonly #text: string;
  readonly #digest: Buffer;

  private constructor(text: string) {
    this.#text = text;
    this.#digest = digestOf(`Bearer ${text}`);
  }

  /** Takes 16 to 512 visible ASCII characters; throws `storage/peers-invalid`. */
  static parse(text: string): PeerToken {
    if (tokenPattern.test(text)) return new PeerToken(text);
    throw new StorageError(
      'storage/peers-invalid',
      `The token of the peers has ${text.length} characters, or some that cannot be sent. Take 16 to 512 letters and digits, such as "openssl rand -hex 32" prints.`,
    );
  }

  /** The value of the header `Authorization`. */
  get authorization(): string {
    return `Bearer ${this.#text}`;
  }

  /** Whether a request with this header comes from a peer. Takes as long for wrong ones as for the right one. */
  admits(authorization: string | undefined): boolean {
    return timingSafeEqual(digestOf(authorization ?? ''), this.#digest);
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
