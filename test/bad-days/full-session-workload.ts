import assert from 'node:assert/strict';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkOverlay } from '../../src/vfs/check-overlay.ts';
import type { InodeNumber } from '../../src/vfs/file-system.ts';
import { bytesAt, contentWith, openFileSystem, superuser } from '../../src/vfs/fixtures.ts';

/**
 * A session's overlay on a small disk that runs full: `node full-session-workload.ts DISK`, where DISK is the top of that
 * disk. Run by `full-session.test.ts` with a mount of its own. Throws where a promise is broken.
 */
const disk = process.argv[2]!;
const directory = join(disk, 'overlay');
const filesMax = 10_000;
const full = { code: 'file-system/full' };

/** Fills the disk up to its last byte, and returns what takes the room away again. */
function fill(): () => void {
  const path = join(disk, 'filler');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(path, Buffer.alloc(bavail * bsize));
  return () => rmSync(path);
}

const { content, tree } = await contentWith({ base: { bytes: Buffer.alloc(100_000, 'b') } });
let fs = await openFileSystem(content, tree, directory);
await bytesAt(fs, 'base');

// Not even a first change finds room, and later it does.
const makeRoomForFirst = fill();
assert.throws(() => make('first', 10), full);
fs.flush();
makeRoomForFirst();

function make(name: string, size: number): InodeNumber {
  const { inode } = fs.create(superuser, fs.root, name, { how: 'guarded', attributes: {} });
  fs.write(superuser, inode, 0, [Buffer.alloc(size, name)]);
  fs.flush();
  return inode;
}

/** Makes files until the disk is full; returns those of which was said that they are safe. */
function makeUntilFull(kind: string, size: number): string[] {
  const made: string[] = [];
  for (let index = 0; index < filesMax; index++) {
    const name = `${kind} ${index}`;
    try {
      make(name, size);
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, full.code);
      // What the failed write was for may have been made: its server would have said so.
      settle();
      return made;
    }
    made.push(name);
  }
  throw new Error('The disk does not run full.');
}

/** As a server does after a call that failed: what cannot be flushed is undone. */
function settle(): void {
  try {
    fs.flush();
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, full.code);
  }
}

async function requireThere(names: readonly string[], size: number): Promise<void> {
  for (const name of names) {
    assert.ok((await bytesAt(fs, name)).equals(Buffer.alloc(size, name)), `${name} is not what was written`);
  }
}

const large = makeUntilFull('large', 300_000);
assert.ok(large.length > 10);
await requireThere(large, 300_000);
assert.deepEqual(await checkOverlay(fs.volume), []);

// Removing works on a full disk, and makes room at once.
for (const name of large.splice(0, 5)) fs.remove(superuser, fs.root, name);
fs.flush();
fs.create(superuser, fs.root, 'empty', { how: 'guarded', attributes: {} });
make('after', 1_000_000);
await requireThere(['after'], 1_000_000);

const small = makeUntilFull('small', 5000);
const makeRoom = small.length > 0 ? small.splice(0, 50) : [];
await requireThere(small, 5000);
await requireThere(large, 300_000);
assert.equal((await bytesAt(fs, 'base')).length, 100_000);
for (const name of makeRoom) fs.remove(superuser, fs.root, name);
settle();
for (const name of large.splice(0, 5)) fs.remove(superuser, fs.root, name);
settle();
await fs.sync();
assert.deepEqual(await checkOverlay(fs.volume, 'settled'), []);
await fs.close();

fs = await openFileSystem(content, tree, directory);
await requireThere(small, 5000);
await requireThere(large, 300_000);
make('again', 100_000);
assert.deepEqual(await checkOverlay(fs.volume, 'settled'), []);
await fs.close();
