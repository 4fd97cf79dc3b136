import { randomBytes } from 'node:crypto';

/** Where randomness comes from. Handed to whoever needs it, so that tests own it. */
export interface Random {
  /** `count` bytes that nobody can guess. */
  bytes(count: number): Uint8Array;
}

export const systemRandom: Random = { bytes: (count) => randomBytes(count) };

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** `length` characters of Crockford's base 32 in lower case: 5 bits of `random` each. */
export function randomText(random: Random, length: number): string {
  let text = '';
  for (const byte of random.bytes(length)) text += alphabet[byte & 31];
  return text;
}
