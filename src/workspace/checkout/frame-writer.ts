import type { Hash } from '../../base/hash.ts';
import { verify } from '../../blob/bulk-read.ts';
import { decompress } from '../../blob/compression.ts';
import { writeNewFile, writeNewSymlink } from './file-writer.ts';

/** Stands for the mode of a symlink among files. */
export const symlinkMode = -1;

/** Files and symlinks whose content lies in one frame: to be decompressed, verified and written. */
export interface FrameTask {
  readonly compressed: Uint8Array;
  /** Bytes of the frame once it is decompressed. */
  readonly size: number;
  readonly files: readonly FrameFile[];
}

export interface FrameFile {
  /** The file's place among all files that are written. */
  readonly index: number;
  /** Relative to the root, as a byte string. */
  readonly path: string;
  /** Permissions, or `symlinkMode`. */
  readonly mode: number;
  readonly hash: Hash;
  readonly offset: number;
  readonly length: number;
}

/** How many numbers the status of a written file takes: see `statusInto`. */
export const statusNumbers = 3;

/** Writes the files of a frame below `root` and puts what is to be remembered of each into `statuses`. */
export function writeFrame(root: string, task: FrameTask, statuses: Float64Array): void {
  const frame = decompress(task.compressed, task.size, 'A frame of a pack');
  for (const { index, path, mode, hash, offset, length } of task.files) {
    const bytes = frame.subarray(offset, offset + length);
    verify(hash, bytes);
    const status =
      mode === symlinkMode ? writeNewSymlink(root, path, bytes) : writeNewFile(root, path, mode, [bytes]);
    statusInto(statuses, index, status);
  }
}

export function statusInto(
  statuses: Float64Array,
  index: number,
  status: { readonly mtimeMs: number; readonly ctimeMs: number; readonly ino: number },
): void {
  statuses[index * statusNumbers] = status.mtimeMs;
  statuses[index * statusNumbers + 1] = status.ctimeMs;
  statuses[index * statusNumbers + 2] = status.ino;
}
