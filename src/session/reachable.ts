import type { Hash } from '../base/hash.ts';
import { HashSet } from '../base/hash-set.ts';
import { objectsOfFile } from '../blob/file.ts';
import { type TreePath, textFromPath } from '../tree/path.ts';
import { walkUnseen } from '../tree/walk-nodes.ts';
import type { ProjectContext } from './project.ts';
import { projectRoots } from './roots.ts';

/** Something that is needed and cannot be read. */
export interface Damage {
  readonly hash: Hash;
  /** What needs it, for people. */
  readonly of: string;
  readonly cause: unknown;
}

export interface Reachable {
  /** Every object that the project's head, landings and sessions need. */
  readonly objects: HashSet;
  readonly damage: readonly Damage[];
  readonly trees: number;
  readonly entries: number;
}

/**
 * Walks everything that the project needs. `readBlob` is told of each blob that holds a whole small file, once; where
 * it throws, the blob counts as damaged. Manifests and nodes are read in any case.
 */
export async function findReachable(
  project: ProjectContext,
  readBlob: (hash: Hash) => Promise<void> = async () => {},
): Promise<Reachable> {
  const objects = new HashSet();
  const roots = new HashSet();
  const damage: Damage[] = [];
  let entries = 0;
  const visit = async (hash: Hash, of: string): Promise<void> => {
    if (!objects.add(Buffer.from(hash, 'hex'))) return;
    await readBlob(hash).catch((cause: unknown) => damage.push({ hash, of, cause }));
  };
  const visitFile = async (file: { hash: Hash; size: number }, path: TreePath, of: string): Promise<void> => {
    if (objects.has(Buffer.from(file.hash, 'hex'))) return;
    const place = `"${textFromPath(path)}" in ${of}`;
    try {
      for await (const hash of objectsOfFile(project.blobs, file)) await visit(hash, place);
    } catch (cause) {
      damage.push({ hash: file.hash, of: place, cause });
    }
  };
  for await (const { kind, hash, of } of projectRoots(project)) {
    if (kind === 'blob') {
      await visit(hash, of);
      continue;
    }
    roots.add(Buffer.from(hash, 'hex'));
    for await (const found of walkUnseen(project.nodes, hash, objects)) {
      if (found.found === 'damage') {
        damage.push({ hash: found.node, of, cause: found.cause });
        continue;
      }
      entries++;
      const { entry, path } = found;
      if (entry.type === 'file' || entry.type === 'symlink') await visitFile(entry, path, of);
    }
  }
  return { objects, damage, trees: roots.size, entries };
}
