import { type Random, randomText } from '../base/random.ts';
import { SessionError } from './session-error.ts';

/** `sess-` and twelve characters of base 32: 60 random bits, so that ids made anywhere never meet. */
export type SessionId = string & { readonly SessionId: unique symbol };

const idLength = 12;
const pattern = /^sess-[0-9a-hjkmnp-tv-z]{12}$/;

export function newSessionId(random: Random): SessionId {
  return `sess-${randomText(random, idLength)}` as SessionId;
}

/** Throws `session/id-invalid`. */
export function parseSessionId(text: string): SessionId {
  if (!pattern.test(text)) {
    throw new SessionError(
      'session/id-invalid',
      `"${text.slice(0, 80)}" is no session id. It looks like sess-4k2m9x7qw0ab; "mic session list" shows them.`,
    );
  }
  return text as SessionId;
}
