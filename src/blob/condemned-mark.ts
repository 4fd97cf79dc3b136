import { type Hash, parseHash } from '../base/hash.ts';
import type { BlobStore } from './blob-store.ts';

/**
 * How far a pack is on its way out. `leaving`: it is being taken out of the indexes, and may still be in some. `out`:
 * it has been taken out of all.
 */
export type Departure = 'leaving' | 'out';

/** Whether a pack is on its way out, and since when, ms since the epoch. */
export interface CondemnedMark {
  readonly departure: Departure;
  readonly sinceMs: number;
}

/** What the marks hold: of different lengths, so that a listing tells them apart. */
const contents: Readonly<Record<Departure, Buffer>> = {
  leaving: Buffer.from('leaving\n'),
  out: Buffer.from('condemned\n'),
};

/** The marks of all condemned packs. */
export async function listCondemned({ store, layout }: BlobStore): Promise<Map<Hash, CondemnedMark>> {
  const marks = new Map<Hash, CondemnedMark>();
  for await (const { key, size, modifiedMs } of store.list(layout.condemnedPrefix)) {
    const departure = size === contents.leaving.length ? 'leaving' : 'out';
    marks.set(parseHash(key.slice(layout.condemnedPrefix.length)), { departure, sinceMs: modifiedMs });
  }
  return marks;
}

/** Marks packs, over whatever marks they have: their time begins anew. */
export async function markCondemned(
  { store, layout }: BlobStore,
  packs: readonly Hash[],
  departure: Departure,
): Promise<void> {
  await forSome(packs, (pack) => store.put(layout.condemned(pack), contents[departure]));
}

/** Deletes packs, and then their marks. */
export async function deleteCondemned(blobs: BlobStore, packs: readonly Hash[]): Promise<void> {
  await forSome(packs, (pack) => blobs.store.delete(blobs.layout.pack(pack)));
  await removeMarks(blobs, packs);
}

/** Removes the marks of packs that are gone. */
export async function removeMarks({ store, layout }: BlobStore, packs: readonly Hash[]): Promise<void> {
  await forSome(packs, (pack) => store.delete(layout.condemned(pack)));
}

/** Storage calls at once. */
const atOnceMax = 32;

async function forSome<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += atOnceMax)
    await Promise.all(items.slice(start, start + atOnceMax).map(act));
}
