import { lstatSync, type Stats } from 'node:fs';
import { isAbsent } from '../base/system-error.ts';
import { diskPath } from './disk-path.ts';
import { unreadable } from './workspace-error.ts';

/**
 * The status of what stands at `path` below `root`, itself and not what it may link to; undefined where there is
 * nothing. Throws `workspace/unreadable`.
 */
export function diskStatus(root: string, path: string): Stats | undefined {
  try {
    return lstatSync(diskPath(root, path), { throwIfNoEntry: false });
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw unreadable(path, error);
  }
}
