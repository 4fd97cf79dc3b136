import { lstatSync } from 'node:fs';
import { rowKind } from './row.ts';
import { type CheckoutState, directoryAt, kindMask, nameAt, unsureFlag } from './state.ts';

/** What the status of a row's file says. */
export const verdict = {
  /** Nobody has looked yet. */
  unknown: 0,
  /** It is as it was recorded. */
  same: 1,
  /** It is gone, was changed, or cannot be judged by its status. */
  differs: 2,
} as const;

const typeMask = 0o170000;
const typeDirectory = 0o040000;
const rowsPerBlock = 512;
const beyondAscii = /[\x80-\xff]/;
const options = { throwIfNoEntry: false } as const;

/**
 * Compares the status of every row with what was recorded, and writes a verdict for each. Several threads can do it
 * together: each takes block after block from `next`, which is shared, as `verdicts` is.
 */
export function statRows(
  root: string,
  state: CheckoutState,
  verdicts: Uint8Array<ArrayBufferLike>,
  next: Int32Array<ArrayBufferLike>,
): void {
  for (;;) {
    const from = Atomics.add(next, 0, 1) * rowsPerBlock;
    if (from >= state.rowCount) return;
    statBlock(root, state, verdicts, from, Math.min(from + rowsPerBlock, state.rowCount));
  }
}

/** Judges the rows `from` (inclusive) to `to` (exclusive). */
export function statBlock(
  root: string,
  state: CheckoutState,
  verdicts: Uint8Array<ArrayBufferLike>,
  from: number,
  to: number,
): void {
  let row = from;
  if (row === 0) verdicts[row++] = judge(root, state, 0);
  let directory = directoryOfRow(state, row);
  while (row < to) {
    const path = directoryAt(state, directory);
    const prefix = path === '' ? '' : `${path}/`;
    const end = Math.min(to, state.rowEnd[directory]!);
    for (; row < end; row++) {
      const relative = prefix + nameAt(state, row);
      const where = beyondAscii.test(relative)
        ? Buffer.concat([Buffer.from(`${root}/`), Buffer.from(relative, 'latin1')])
        : `${root}/${relative}`;
      verdicts[row] = judge(where, state, row);
    }
    directory++;
  }
}

function judge(where: string | Buffer, state: CheckoutState, row: number): number {
  const kind = state.kind[row]!;
  if ((kind & unsureFlag) !== 0) return verdict.differs;
  try {
    const status = lstatSync(where, options);
    if (status === undefined) return verdict.differs;
    const isDirectory = (status.mode & typeMask) === typeDirectory;
    if ((kind & kindMask) === rowKind.gitlink) return isDirectory ? verdict.same : verdict.differs;
    const same =
      status.ctimeMs === state.ctimeMs[row] &&
      status.mtimeMs === state.mtimeMs[row] &&
      status.ino === state.inode[row] &&
      (isDirectory || status.size === state.size[row]) &&
      isDirectory === ((kind & kindMask) === rowKind.directory);
    return same ? verdict.same : verdict.differs;
  } catch {
    // Whoever looks closer meets the same error, and reports it with the path.
    return verdict.differs;
  }
}

/** The directory in which a row lies. */
function directoryOfRow(state: CheckoutState, row: number): number {
  let low = 0;
  let high = state.directoryCount - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (state.rowEnd[middle]! > row) high = middle;
    else low = middle + 1;
  }
  return low;
}
