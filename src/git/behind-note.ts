import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkout } from './checkouts.ts';
import { besides, createExclusively } from './exclusive-file.ts';
import type { ObjectId } from './object-id.ts';

/** Where a checkout is that has not followed its branch. */
export interface Behind {
  /** The commit that it is at; the tree without entries, if the branch had none. */
  readonly at: ObjectId;
  /** The commit that somebody was bringing it to, who may have been killed in the middle. */
  readonly towards: ObjectId | undefined;
}

/** In the checkout's git directory: one id or two, with a space between them. */
function noteFile({ gitDirectory }: Checkout): string {
  return join(gitDirectory, 'micelio-behind');
}

/** Where `checkout` is, if it has not followed its branch; undefined where it has. */
export async function readBehind(checkout: Checkout): Promise<Behind | undefined> {
  let text: string;
  try {
    text = await readFile(noteFile(checkout), 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const [at, towards] = text.trim().split(' ') as [ObjectId, ObjectId | undefined];
  return { at, towards };
}

/** Notes that `checkout` is at `commit`, and will have to follow. One that is noted already is older, and stays. */
export async function noteBehind(checkout: Checkout, commit: ObjectId): Promise<void> {
  await createExclusively(noteFile(checkout), `${commit}\n`);
}

/** Notes that `checkout` is being brought from one commit to another. The caller holds the lock of the index. */
export async function noteTowards(checkout: Checkout, at: ObjectId, towards: ObjectId): Promise<void> {
  const file = noteFile(checkout);
  const draft = besides(file);
  await writeFile(draft, `${at} ${towards}\n`);
  await rename(draft, file);
}

/** Notes that `checkout` has followed. */
export async function forgetBehind(checkout: Checkout): Promise<void> {
  await rm(noteFile(checkout), { force: true });
}
