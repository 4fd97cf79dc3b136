import { type Hash, parseHash } from '../base/hash.ts';
import type { BlobStore } from './blob-store.ts';
import { type CondemnedMark, listCondemned } from './condemned-mark.ts';
import { isNeeded, type NeededObjects } from './needed-objects.ts';

/** A pack as a collection finds it. */
export interface SurveyedPack {
  readonly hash: Hash;
  /** Bytes of the pack. */
  readonly size: number;
  readonly modifiedMs: number;
  readonly mark: CondemnedMark | undefined;
  /** Uncompressed bytes of its objects that the indexes name, and of those among them that are needed. */
  readonly weight: number;
  readonly neededWeight: number;
  readonly isIndexed: boolean;
}

export interface PackSurvey {
  readonly packs: ReadonlyMap<Hash, SurveyedPack>;
  /** Packs that are marked as condemned, and are not there. */
  readonly marksOfNothing: readonly Hash[];
  /** Packs that indexes name, and that are not there. */
  readonly ghosts: readonly Hash[];
}

/** What an object counts for besides its bytes: the empty file is an object too. */
const entryWeight = 64;

/**
 * Looks at all packs of a project. The order matters: what the indexes named, and was not condemned afterwards, and was
 * still there after that, cannot be deleted by anyone for a grace period. Takes no memory per object.
 */
export async function surveyPacks(blobs: BlobStore, needed: NeededObjects): Promise<PackSurvey> {
  await blobs.indexes.refresh();
  const weights = weighPacks(blobs, needed);
  const marks = await listCondemned(blobs);
  const packs = new Map<Hash, SurveyedPack>();
  const { packPrefix } = blobs.layout;
  for await (const { key, size, modifiedMs } of blobs.store.list(packPrefix)) {
    const hash = parseHash(key.slice(packPrefix.length));
    const found = weights.get(hash);
    const { weight, neededWeight } = found ?? { weight: 0, neededWeight: 0 };
    const isIndexed = found !== undefined;
    packs.set(hash, { hash, size, modifiedMs, mark: marks.get(hash), weight, neededWeight, isIndexed });
  }
  return {
    packs,
    marksOfNothing: [...marks.keys()].filter((hash) => !packs.has(hash)),
    ghosts: [...weights.keys()].filter((hash) => !packs.has(hash)),
  };
}

interface Weights {
  weight: number;
  neededWeight: number;
}

function weighPacks(blobs: BlobStore, needed: NeededObjects): Map<Hash, Weights> {
  const weights = new Map<Hash, Weights>();
  for (const index of blobs.indexes.all) {
    const ofPacks = index.packs.map((pack) => {
      const known = weights.get(pack) ?? { weight: 0, neededWeight: 0 };
      weights.set(pack, known);
      return known;
    });
    index.visit((at, pack, length) => {
      const ofPack = ofPacks[pack]!;
      ofPack.weight += length + entryWeight;
      if (isNeeded(needed, index.bytes, at)) ofPack.neededWeight += length + entryWeight;
    });
  }
  return weights;
}
