import { checkPacks, type PackDamage } from '../blob/check-packs.ts';
import { findLostDocuments, type LostDocument } from './check-documents.ts';
import type { ProjectContext } from './project.ts';
import { type Damage, findReachable } from './reachable.ts';

export interface ProjectChecked {
  readonly packs: number;
  readonly objects: number;
  readonly bytes: number;
  readonly trees: number;
  readonly entries: number;
  /** What is not as it was written, whether anything needs it or not. */
  readonly damagedPacks: readonly PackDamage[];
  /** Without them, nobody knows what is needed: `missing` is empty then. */
  readonly lostDocuments: readonly LostDocument[];
  /** What the head, a landing or a session needs and cannot be read. */
  readonly missing: readonly Damage[];
}

/** Reads everything in a project's store and checks it, and that all that is needed is there. Changes nothing. */
export async function checkProject(
  project: ProjectContext,
  onProgress: (packs: number) => void = () => {},
): Promise<ProjectChecked> {
  const { damage: damagedPacks, ...counts } = await checkPacks(project.blobs, onProgress);
  const damaged = new Set(damagedPacks.map(({ object }) => object));
  // What is in memory was read before the damage happened.
  project.nodes.clear();
  const lostDocuments = await findLostDocuments(project);
  if (lostDocuments.length > 0) {
    return { ...counts, trees: 0, entries: 0, damagedPacks, lostDocuments, missing: [] };
  }
  const reachable = await findReachable(project, {
    readBlob: async (hash) => {
      if (damaged.has(hash) || !project.blobs.has(hash)) await project.blobs.get(hash);
    },
  });
  return {
    ...counts,
    trees: reachable.trees,
    entries: reachable.entries,
    damagedPacks,
    lostDocuments,
    missing: reachable.damage,
  };
}
