import { type Hash, parseHash } from '../../base/hash.ts';
import { ChangedDirectories } from '../changed-directories.ts';
import type { Volume } from '../volume.ts';
import { addTouchedDirectories } from './touched-directories.ts';

const recordedSetting = 'recorded tree';

/** The tree that the session's files were last recorded as, or brought to; at first the base. */
export function recordedTree({ overlay, base }: Volume): Hash {
  const recorded = overlay.setting(recordedSetting);
  return recorded == null ? base.root : parseHash(String(recorded));
}

/** Writes down that the files were recorded as `tree`, or brought to it. */
export function setRecordedTree({ overlay }: Volume, tree: Hash): void {
  overlay.putSetting(recordedSetting, tree);
}

/**
 * The directories that changed since this was last asked, and from now on only what changes from now on counts. Who
 * could not record them calls `changed.putBack`.
 */
export async function takeChanges(volume: Volume): Promise<ChangedDirectories> {
  const taken = volume.changed.take();
  if (!taken.isIncomplete) return taken;
  try {
    await addTouchedDirectories(volume, taken);
  } catch (error) {
    volume.changed.putBack(taken);
    throw error;
  }
  taken.complete();
  return taken;
}

/** Every directory that was ever changed in the session. */
export async function everChanged(volume: Volume): Promise<ChangedDirectories> {
  const all = new ChangedDirectories('all', (below) => volume.inode(below).parent);
  await addTouchedDirectories(volume, all);
  return all;
}
