import type { Hash } from '../base/hash.ts';
import type { BlobStore } from './blob-store.ts';
import { deleteCondemned, markCondemned, removeMarks } from './condemned-mark.ts';
import { ObjectMover } from './move-objects.ts';
import type { NeededObjects } from './needed-objects.ts';
import { type PackSurvey, type SurveyedPack, surveyPacks } from './pack-survey.ts';

export interface CollectOptions {
  /** Nothing younger than this, in ms, is touched: it may be about to be referred to. */
  readonly graceMs: number;
  /** What a node refers to, in its own order: where that lies is told with it when it moves. */
  readonly referencesOf: (hash: Hash, bytes: Buffer) => readonly Hash[];
  /** `dry run` tells what would be done, and writes nothing. */
  readonly mode: 'collect' | 'dry run';
}

export interface Collected {
  /** Packs that were deleted for good, and the bytes that this freed. */
  readonly deletedPacks: number;
  readonly deletedBytes: number;
  /** Packs that are no longer used and will be deleted by a collection after the grace period. */
  readonly condemnedPacks: number;
  readonly condemnedBytes: number;
  /** How many of these were condemned only because they are small: what is needed of them is in larger ones now. */
  readonly gatheredPacks: number;
  /** Objects that were still needed and moved out of condemned packs, and uncompressed bytes of them. */
  readonly movedObjects: number;
  readonly movedBytes: number;
}

/** A pack of which less than this part is needed is rewritten. */
const usedPartMin = 0.5;
/** A mark younger than this, in ms, may be of a collection that is still at it: then the pack is left to that. */
const takeOutMsMax = 12 * 60 * 60 * 1000;
/** A pack below this many bytes is small: one landing leaves a few KiB. */
const smallPackBytesMax = 1024 * 1024;
/** Small packs are gathered into large ones when there are more than this. */
const smallPacksMax = 16;

/**
 * Deletes what is not in `needed`, in two steps that lie a grace period apart, so that writers need no lock
 * (`docs/formats/packs.md`, "Collection"):
 *
 * 1. A pack that is hardly needed, or one of many small ones, is condemned: what is needed of it moves to a new pack, and
 *    it is taken out of the indexes. Writers that read the indexes from now on no longer build upon it; those that did
 *    before are done within the grace period.
 * 2. A pack that has been out of the indexes for a grace period is deleted, once what turned out to be needed of it after
 *    all has moved to a new pack.
 *
 * Killed at any point, it leaves everything readable; run by several at once, it does the work twice. Throws
 * `blob/corrupt` when something that has to move is damaged.
 */
export async function collectPacks(
  blobs: BlobStore,
  needed: NeededObjects,
  options: CollectOptions,
): Promise<Collected> {
  const survey = await surveyPacks(blobs, needed);
  const plan = planCollection(survey, (sinceMs) => needed.asOfMs - sinceMs, options.graceMs);
  const going = new Set([...plan.condemn, ...plan.delete].map(({ hash }) => hash));
  const isSafe = (pack: Hash): boolean => {
    if (going.has(pack)) return false;
    // What is not in the survey this collection has just written.
    const surveyed = survey.packs.get(pack);
    return surveyed === undefined ? !survey.ghosts.includes(pack) : surveyed.mark === undefined;
  };
  const mover = new ObjectMover(blobs, needed, { ...options, isSafe });
  // Those that go for good first: then a run that is killed has freed something.
  await mover.moveFrom(plan.delete);
  if (options.mode === 'collect') {
    await mover.flush();
    await deleteCondemned(blobs, hashesOf(plan.delete));
    await removeMarks(blobs, survey.marksOfNothing);
  }
  await mover.moveFrom(plan.condemn.filter((pack) => pack.neededWeight > 0 || !pack.isIndexed));
  if (options.mode === 'collect') {
    await mover.flush();
    await takeOut(blobs, hashesOf(plan.condemn), survey.ghosts);
  }
  return {
    deletedPacks: plan.delete.length,
    deletedBytes: bytesOf(plan.delete),
    condemnedPacks: plan.condemn.length,
    condemnedBytes: bytesOf(plan.condemn),
    gatheredPacks: plan.gatheredPacks,
    movedObjects: mover.objects,
    movedBytes: mover.bytes,
  };
}

interface Plan {
  readonly delete: readonly SurveyedPack[];
  readonly condemn: readonly SurveyedPack[];
  readonly gatheredPacks: number;
}

/** What is to be done with which pack. */
function planCollection({ packs }: PackSurvey, ageMs: (sinceMs: number) => number, graceMs: number): Plan {
  const isOld = (sinceMs: number): boolean => ageMs(sinceMs) >= graceMs;
  const isAbandoned = (sinceMs: number): boolean => ageMs(sinceMs) >= Math.min(graceMs, takeOutMsMax);
  const condemned: SurveyedPack[] = [];
  const out: SurveyedPack[] = [];
  const small: SurveyedPack[] = [];
  for (const pack of packs.values()) {
    const { mark, isIndexed, modifiedMs, size } = pack;
    if (mark === undefined) {
      if (!isOld(modifiedMs)) continue;
      if (!isUsed(pack)) condemned.push(pack);
      else if (size < smallPackBytesMax) small.push(pack);
    } else if (isIndexed || mark.departure === 'leaving') {
      // A collection was killed, or another process has merged what it had read before: its time begins anew.
      if (isAbandoned(mark.sinceMs)) condemned.push(pack);
    } else if (isOld(mark.sinceMs)) out.push(pack);
  }
  const gathered = small.length > smallPacksMax ? small.sort(byAge) : [];
  return { delete: out, condemn: [...condemned, ...gathered], gatheredPacks: gathered.length };
}

function isUsed({ weight, neededWeight }: SurveyedPack): boolean {
  return neededWeight > 0 && neededWeight >= weight * usedPartMin;
}

/** What was written one after the other lies together afterwards. */
function byAge(a: SurveyedPack, b: SurveyedPack): number {
  return a.modifiedMs - b.modifiedMs || (a.hash < b.hash ? -1 : 1);
}

/**
 * Takes packs out of the indexes; `ghosts` are gone already. They are marked before, so that who still builds upon one
 * can read it at any moment; and afterwards, for their time begins then.
 */
async function takeOut(blobs: BlobStore, packs: readonly Hash[], ghosts: readonly Hash[]): Promise<void> {
  if (packs.length + ghosts.length === 0) return;
  await markCondemned(blobs, packs, 'leaving');
  await blobs.indexes.refresh();
  await blobs.indexes.takeOut(new Set([...packs, ...ghosts]));
  await markCondemned(blobs, packs, 'out');
}

function hashesOf(packs: readonly SurveyedPack[]): Hash[] {
  return packs.map(({ hash }) => hash);
}

function bytesOf(packs: readonly SurveyedPack[]): number {
  return packs.reduce((sum, { size }) => sum + size, 0);
}
