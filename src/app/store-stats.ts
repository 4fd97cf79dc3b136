import { projectPrefix } from '../session/project-name.ts';
import type { Micelio } from './micelio.ts';

/** How many objects of a kind a project has in the store, and their size in bytes. */
export interface StoreStats {
  readonly project: string;
  /** The folder they lie in: packs, index, landings, sessions, condemned; or the name of a single document. */
  readonly kind: string;
  readonly objects: number;
  readonly bytes: number;
}

/** Counts everything in the store, project by project. Lists it all: O(objects). */
export async function storeStats(micelio: Micelio): Promise<StoreStats[]> {
  const stats: StoreStats[] = [];
  for await (const project of micelio.projectNames()) {
    const prefix = `${projectPrefix(project)}/`;
    const kinds = new Map<string, { objects: number; bytes: number }>();
    for await (const { key, size } of micelio.store.list(prefix)) {
      const kind = key.slice(prefix.length).split('/', 1)[0]!;
      const count = kinds.get(kind) ?? { objects: 0, bytes: 0 };
      kinds.set(kind, { objects: count.objects + 1, bytes: count.bytes + size });
    }
    for (const [kind, count] of kinds) stats.push({ project, kind, ...count });
  }
  return stats;
}
