import assert from 'node:assert/strict';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Fills a disk up to the last byte, and returns what takes the space away again. */
export function fillDisk(disk: string): () => void {
  const path = join(disk, 'filler');
  const free = (): number => {
    const { bavail, bsize } = statfsSync(disk);
    return bavail * bsize;
  };
  writeFileSync(path, Buffer.alloc(free()));
  assert.equal(free(), 0);
  return () => rmSync(path);
}
