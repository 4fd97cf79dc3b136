import { hasCode } from '../../base/error.ts';
import type { Attributes, Caller, FileSystem, InodeNumber } from '../../vfs/file-system.ts';
import { resident } from '../../vfs/resident.ts';
import { ignoreEverything, ownerFileName, ownerText, type WorkspaceOwner } from '../checkout/marker.ts';
import { markerName } from '../marker-name.ts';

/**
 * Writes the marker of a workspace into a file system that is to be mounted, so that a command called inside finds its
 * session. What is there already stays.
 */
export async function writeMountMarker(
  fileSystem: FileSystem,
  caller: Caller,
  owner: WorkspaceOwner,
): Promise<void> {
  const directory = await findOrMake(fileSystem, caller, fileSystem.root, markerName, () =>
    fileSystem.makeDirectory(caller, fileSystem.root, markerName, { mode: 0o755 }),
  );
  // The file that makes it a marker comes last: until then there is none, and the next call goes on.
  await writeNew(fileSystem, caller, directory.inode, '.gitignore', ignoreEverything);
  await writeNew(fileSystem, caller, directory.inode, ownerFileName, ownerText(owner));
  fileSystem.flush();
}

async function writeNew(
  fileSystem: FileSystem,
  caller: Caller,
  directory: InodeNumber,
  name: string,
  text: string,
): Promise<void> {
  const file = await findOrMake(fileSystem, caller, directory, name, () =>
    fileSystem.create(caller, directory, name, { how: 'guarded', attributes: { mode: 0o644 } }),
  );
  if (file.size > 0) return;
  await resident(() => fileSystem.write(caller, file.inode, 0, [Buffer.from(text)]));
}

async function findOrMake(
  fileSystem: FileSystem,
  caller: Caller,
  directory: InodeNumber,
  name: string,
  make: () => Attributes,
): Promise<Attributes> {
  try {
    return await resident(() => fileSystem.lookup(caller, directory, name));
  } catch (error) {
    if (!hasCode(error, 'file-system/not-found')) throw error;
    return resident(make);
  }
}
