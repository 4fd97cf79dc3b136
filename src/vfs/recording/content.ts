import type { Hash } from '../../base/hash.ts';
import type { FileContent } from '../../blob/file.ts';
import type { InodeNumber } from '../file-system.ts';
import type { Inode } from '../inode.ts';
import { resident } from '../resident.ts';
import type { Volume } from '../volume.ts';

const pieceBytes = 1024 * 1024;

/** What the store has of a file's or symlink's content as it is now; undefined where it was changed since. */
export function recordedContent({ content, size }: Inode): FileContent | undefined {
  if (content.kind === 'object') return content.object;
  if (content.kind === 'none' || content.recorded === null) return undefined;
  return { hash: content.recorded, size };
}

/**
 * The bytes of a file, piece by piece, as it is while it is read: compare `changed` before and after. A piece is there
 * until the next one is asked for: copy what is to stay.
 */
export async function* contentPieces(volume: Volume, inode: InodeNumber): AsyncGenerator<Uint8Array> {
  for (let offset = 0; ; ) {
    const start = offset;
    const { pieces, length, end, release } = await resident(() =>
      volume.data.read(volume.inode(inode), start, pieceBytes),
    );
    yield* pieces;
    release?.();
    if (end || length === 0) return;
    offset += length;
  }
}

/** Writes down that the store has the content of `inode` under `hash`, unless the file was changed since. */
export function markRecorded(volume: Volume, inode: Inode, hash: Hash): void {
  const { content } = inode;
  if (content.kind !== 'inline' && content.kind !== 'spool') return;
  if (volume.inode(inode.inode) !== inode && !isUnchanged(volume, inode)) return;
  volume.put({ ...volume.inode(inode.inode), content: { ...content, recorded: hash } });
}

/** Whether a file's content is still what it was when `inode` was read. */
export function isUnchanged(volume: Volume, inode: Inode): boolean {
  const { changed } = volume.inode(inode.inode);
  return changed.seconds === inode.changed.seconds && changed.nanoseconds === inode.changed.nanoseconds;
}
