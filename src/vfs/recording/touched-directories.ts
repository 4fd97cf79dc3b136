import { hasCode } from '../../base/error.ts';
import { parentPath } from '../../tree/path.ts';
import type { ChangedDirectories } from '../changed-directories.ts';
import type { InodeNumber } from '../file-system.ts';
import { firstBaseInode, inodeOfRank, rankOfInode } from '../inode.ts';
import { resident } from '../resident.ts';
import type { Volume } from '../volume.ts';

const sql = {
  overlaid: 'SELECT number FROM inode WHERE links > 0 AND overlaid = 1',
  moved: 'SELECT inode FROM name WHERE inode BETWEEN ? AND ?',
  parents: 'SELECT DISTINCT parent FROM inode WHERE links > 0 AND parent > 0',
  linked: 'SELECT number FROM inode WHERE links > 0 AND parent = 0',
} as const;

/** Names in `changed` every directory that was ever changed in the session, and as a whole those that were moved. */
export async function addTouchedDirectories(volume: Volume, changed: ChangedDirectories): Promise<void> {
  if (volume.overlay.isEmpty) return;
  const { database } = volume.overlay;
  const last = firstBaseInode + volume.base.count - 1;
  const directories = new Set<InodeNumber>();
  for (const row of database.all(sql.overlaid)) directories.add(row.number as InodeNumber);
  for (const row of database.all(sql.parents)) directories.add(row.parent as InodeNumber);
  for (const row of database.all(sql.linked)) {
    const rank = rankOfInode(row.number as InodeNumber);
    // Its other names are names of the overlay; the one that it came with is not.
    if (rank < volume.base.count) directories.add(await resident(() => baseParent(volume, rank)));
  }
  for (const directory of directories) await existing(volume, directory, () => changed.add(directory));
  for (const row of database.all(sql.moved, firstBaseInode, last)) {
    const inode = row.inode as InodeNumber;
    await existing(volume, inode, () => {
      if (volume.inode(inode).type === 'directory') changed.addWhole(inode);
    });
  }
}

function baseParent(volume: Volume, rank: number): InodeNumber {
  return inodeOfRank(volume.base.rankOfDirectory(parentPath(volume.base.at(rank).path)));
}

/** Does something with a directory, unless it has gone meanwhile. */
async function existing(volume: Volume, directory: InodeNumber, work: () => void): Promise<void> {
  try {
    await resident(() => {
      volume.inode(directory);
      work();
    });
  } catch (error) {
    if (!hasCode(error, 'file-system/stale')) throw error;
  }
}
