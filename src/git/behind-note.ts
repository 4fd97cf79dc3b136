import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsent } from '../base/system-error.ts';
import type { Checkout } from './checkouts.ts';
import { besides, createExclusively } from './exclusive-file.ts';
import { naming } from './git-error.ts';
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
  const file = noteFile(checkout);
  const text = await naming(`read "${file}"`, () =>
    readFile(file, 'latin1').catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    }),
  );
  if (text === undefined) return undefined;
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
  await naming(`write "${file}"`, async () => {
    try {
      await writeFile(draft, `${at} ${towards}\n`);
      await rename(draft, file);
    } finally {
      await rm(draft, { force: true });
    }
  });
}

/** Notes that `checkout` has followed. */
export async function forgetBehind(checkout: Checkout): Promise<void> {
  const file = noteFile(checkout);
  await naming(`delete "${file}"`, () => rm(file, { force: true }));
}
