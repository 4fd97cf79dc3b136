import type { Dirent } from 'node:fs';
import { lstatSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isAbsent } from '../../base/system-error.ts';
import type { ListOptions, ObjectInfo, ObjectKey } from '../object-store.ts';
import { isKeySegment } from '../object-store.ts';

/** After this many objects others get their turn on the thread (some 5 ms of work). */
const objectsPerTurn = 1024;

/**
 * The objects below `root` whose keys begin with `prefix`, in order of their keys. Files whose names are no keys are
 * not objects: temporary files, locks, and whatever else somebody put there.
 */
export async function* listKeys(
  root: string,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<ObjectInfo> {
  const slash = prefix.lastIndexOf('/');
  const folder = prefix.slice(0, slash + 1);
  // No key begins with such a prefix, and `..` must not lead anywhere.
  if (!folder.split('/').slice(0, -1).every(isKeySegment)) return;
  const { after = '' } = options;
  const wanted = (path: string): boolean =>
    path.startsWith(prefix) && (path > after || (path.endsWith('/') && after.startsWith(path)));

  // The entries still to visit, next one last: a folder ends with "/", which is also what orders it among its
  // neighbours as the bytes of whole keys do ("a-b", "a/c", "a0").
  const pending = await pathsIn(root, folder, wanted);
  for (let visited = 1; pending.length > 0; visited++) {
    if (visited % objectsPerTurn === 0) await nextTurn();
    const path = pending.pop()!;
    if (path.endsWith('/')) {
      for (const inside of await pathsIn(root, path, wanted)) pending.push(inside);
      continue;
    }
    const status = lstatSync(`${root}/${path}`, { throwIfNoEntry: false });
    if (status?.isFile()) yield { key: path as ObjectKey, size: status.size, modifiedMs: status.mtimeMs };
  }
}

/** The wanted entries of a folder ('' or ending with "/") in reverse order; none where there is no such folder. */
async function pathsIn(root: string, folder: string, wanted: (path: string) => boolean): Promise<string[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(`${root}/${folder}`, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
  const paths: string[] = [];
  for (const entry of entries) {
    if (!isKeySegment(entry.name)) continue;
    const path = folder + entry.name;
    if (entry.isDirectory()) paths.push(`${path}/`);
    else if (entry.isFile()) paths.push(path);
  }
  return paths.filter(wanted).sort().reverse();
}
