import { createHash } from 'node:crypto';

/** For tests: `size` bytes that look random and are the same everywhere: the SHAKE256 of `seed` in decimal. */
export function pseudoRandomBytes(size: number, seed: number): Buffer {
  if (size === 0) return Buffer.alloc(0);
  return createHash('shake256', { outputLength: size }).update(`${seed}`).digest();
}
