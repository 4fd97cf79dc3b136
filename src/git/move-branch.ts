import { type Behind, forgetBehind, noteBehind, noteTowards, readBehind } from './behind-note.ts';
import type { Checkout } from './checkouts.ts';
import { dropLeftIndexLock, type FileLock, takeIndexLock } from './file-lock.ts';
import { type EditedFiles, followCheckout } from './follow-checkout.ts';
import { emptyTreeOf, type ObjectId } from './object-id.ts';
import { type RefName, type RefOutcome, type RefState, readBranch } from './refs.ts';
import type { Repository } from './repository.ts';

/** What became of a checkout whose branch has moved. */
export interface CheckoutNote extends EditedFiles {
  /** Absolute path. */
  readonly directory: string;
  /** `left`: git was at work in it for longer than we wait, or failed; whoever moves the branch next brings it along. */
  readonly outcome: 'followed' | 'left';
  /** Why it was left. */
  readonly reason?: string;
}

export interface BranchMove {
  /** Opened at its common directory. */
  readonly repository: Repository;
  readonly branch: RefName;
  /** `absent`: the branch has no commit yet, and the checkouts wait for its first one. */
  readonly expected: RefState;
  /** Moves the branch. */
  readonly move: () => Promise<RefOutcome>;
  /** How long to wait for a git that is at work in a checkout, in ms. */
  readonly waitMs: number;
}

/**
 * Moves a branch that `checkouts` are on, and brings them along. Their indexes are locked from before the move to the
 * end: a commit in between would undo what came. A checkout that git holds for too long doesn't keep the branch from
 * moving.
 */
export async function moveBranch(
  checkouts: readonly Checkout[],
  { repository, branch, expected, move, waitMs }: BranchMove,
): Promise<{ readonly result: RefOutcome; readonly notes: readonly CheckoutNote[] }> {
  if (checkouts.length === 0) return { result: await move(), notes: [] };
  const held: { readonly checkout: Checkout; readonly lock: FileLock | undefined }[] = [];
  try {
    for (const checkout of checkouts) {
      held.push({ checkout, lock: await takeIndexLock(checkout.gitDirectory, waitMs) });
    }
    if (((await readBranch(repository, branch)) ?? 'absent') !== expected)
      return { result: { outcome: 'lost' }, notes: [] };
    const from = expected === 'absent' ? emptyTreeOf[repository.objectFormat] : expected;
    for (const { checkout } of held) await noteBehind(checkout, from);
    const result = await move();
    // Whoever has the lock of a checkout that we have not may have forgotten the note in the meantime.
    for (const { checkout, lock } of held) if (lock === undefined) await noteBehind(checkout, from);
    const notes: CheckoutNote[] = [];
    for (const { checkout, lock } of held) notes.push(await follow(checkout, lock, repository, branch));
    return { result, notes };
  } finally {
    for (const { lock } of held) await lock?.release();
  }
}

/** Brings along the checkouts of `branch` that were left behind. */
export async function catchUp(
  checkouts: readonly Checkout[],
  repository: Repository,
  branch: RefName,
  waitMs: number,
): Promise<readonly CheckoutNote[]> {
  const notes: CheckoutNote[] = [];
  for (const checkout of checkouts) {
    if ((await readBehind(checkout)) === undefined) {
      // Killed when all was done but this.
      await dropLeftIndexLock(checkout.gitDirectory);
      continue;
    }
    const lock = await takeIndexLock(checkout.gitDirectory, waitMs);
    try {
      notes.push(await follow(checkout, lock, repository, branch));
    } finally {
      await lock?.release();
    }
  }
  return notes;
}

const nothing: EditedFiles = { conflicts: [], merged: [] };

async function follow(
  checkout: Checkout,
  lock: FileLock | undefined,
  repository: Repository,
  branch: RefName,
): Promise<CheckoutNote> {
  const { directory } = checkout;
  if (lock === undefined) {
    const reason = 'its index is locked: git is at work there, or was killed';
    return { directory, outcome: 'left', ...nothing, reason };
  }
  const behind = await readBehind(checkout);
  const to = await readBranch(repository, branch);
  try {
    const edited = behind === undefined || to === undefined ? nothing : await bring(checkout, behind, to);
    await forgetBehind(checkout);
    return { directory, outcome: 'followed', ...edited };
  } catch (error) {
    // The branch has moved, and that counts. The note stays, so the next one tries again.
    const reason = error instanceof Error ? error.message : String(error);
    return { directory, outcome: 'left', ...nothing, reason };
  }
}

/** Finishes first what somebody has begun, so that no more than half of it does not pass for edits. */
async function bring(checkout: Checkout, { at, towards }: Behind, to: ObjectId): Promise<EditedFiles> {
  const edited: EditedFiles[] = [];
  let from = at;
  for (const next of [towards ?? at, to]) {
    if (next === from) continue;
    await noteTowards(checkout, from, next);
    edited.push(await followCheckout(checkout, from, next));
    from = next;
  }
  const all = (kind: keyof EditedFiles) => [...new Set(edited.flatMap((files) => files[kind]))];
  return { conflicts: all('conflicts'), merged: all('merged') };
}
