import { hash as digest } from 'node:crypto';
import { MicelioError } from './error.ts';

/** The SHA-256 of some bytes, as 64 lower-case hexadecimal digits. */
export type Hash = string & { readonly Hash: unique symbol };

/** Bytes of a raw SHA-256. */
export const hashBytes = 32;

const pattern = /^[0-9a-f]{64}$/;

/** The SHA-256 of `bytes`. */
export function hashOf(bytes: Uint8Array): Hash {
  return digest('sha256', bytes, 'hex') as Hash;
}

/** Parses 64 hexadecimal digits; throws `base/hash-invalid` for anything else. */
export function parseHash(text: string): Hash {
  if (!pattern.test(text)) {
    throw new MicelioError(
      'base/hash-invalid',
      `"${text.slice(0, 80)}" is not a SHA-256: expected 64 lower-case hexadecimal digits.`,
    );
  }
  return text as Hash;
}

/** Reads the 32 raw bytes at `offset` as a hash. */
export function hashFromBytes(bytes: Buffer, offset: number): Hash {
  return bytes.toString('hex', offset, offset + hashBytes) as Hash;
}

/** Writes a hash as 32 raw bytes at `offset`; returns the offset behind it. */
export function writeHash(target: Buffer, hash: Hash, offset: number): number {
  target.write(hash, offset, hashBytes, 'hex');
  return offset + hashBytes;
}
