import type { Hash } from '../base/hash.ts';
import { checkPacks, type PackDamage } from '../blob/check-packs.ts';
import type { NodeSource } from '../tree/node-store.ts';
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
    nodes: indexedNodes(project),
    readBlob: async (hash) => {
      if (damaged.has(hash)) await project.blobs.get(hash);
      else await requireIndexed(project, hash);
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

/** A project's nodes, of which each must be where the indexes say. */
function indexedNodes(project: ProjectContext): NodeSource {
  const node = async (hash: Hash) => {
    await requireIndexed(project, hash);
    return project.nodes.node(hash);
  };
  return { node };
}

/** What a hint or the head's copy of a root leads to is lost to everybody who has neither, unless an index has it too. */
async function requireIndexed({ blobs }: ProjectContext, hash: Hash): Promise<void> {
  if (blobs.has(hash)) return;
  blobs.forget(hash);
  await blobs.get(hash);
}
