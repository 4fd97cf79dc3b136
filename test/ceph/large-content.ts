import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const pieceBytes = 4 * 1024 * 1024;

/** Writes a file of `bytes` bytes, half of which compress, and answers the SHA-256 of it. Never the same twice. */
export function writeLargeFile(path: string, bytes: number): string {
  const hash = createHash('sha256');
  const file = openSync(path, 'w');
  const text = Buffer.alloc(
    pieceBytes / 2,
    `${randomBytes(8).toString('hex')} is written again and again.\n`,
  );
  for (let written = 0; written < bytes; written += pieceBytes) {
    const piece = Buffer.concat([randomBytes(pieceBytes / 2), text]).subarray(0, bytes - written);
    hash.update(piece);
    writeSync(file, piece);
  }
  closeSync(file);
  return hash.digest('hex');
}

/** The SHA-256 of a file of any size. */
export function hashLargeFile(path: string): string {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(pieceBytes);
  const file = openSync(path, 'r');
  for (let size = readSync(file, piece); size > 0; size = readSync(file, piece))
    hash.update(piece.subarray(0, size));
  closeSync(file);
  return hash.digest('hex');
}
