import type { Caller, FileSystem, InodeNumber } from '../../vfs/file-system.ts';
import { fileSystemError } from '../../vfs/file-system-error.ts';
import { resident } from '../../vfs/resident.ts';
import { type ExportId, type Exports, exportKey } from '../exports.ts';
import { mountPathBytesMax, mountPathSegmentsMax } from '../limits.ts';
import type { Procedure } from '../procedure.ts';
import { authFlavor } from '../rpc/credentials.ts';

/** A directory to be mounted: that of an export, or one below it. */
interface Mounted {
  readonly id: ExportId;
  readonly directory: InodeNumber;
}

/**
 * MNT: the handle of an export's directory, or of one below it. Where there is no export, whatever the reason, it is
 * denied in the same words; only who knows an export learns what is in it.
 */
export const mnt: Procedure = {
  name: 'mount.mnt',
  failure: [],
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    const path = call.arguments.byteString(mountPathBytesMax);
    const { exports, handles } = call.surroundings;
    let mounted: Mounted | undefined;
    const find = async (): Promise<void> => {
      mounted = await findDirectory(exports, call.caller, path);
    };
    return {
      waitFor: find(),
      finish: () => {
        if (mounted === undefined) throw fileSystemError('file-system/denied');
        call.succeed();
        handles.write(call.reply, exportKey(mounted.id), mounted.directory);
        const flavors = [authFlavor.sys, authFlavor.none];
        call.reply.uint32(flavors.length);
        for (const flavor of flavors) call.reply.uint32(flavor);
      },
    };
  },
};

/** What stands at `path`, of which an export is the beginning; undefined where none is. */
async function findDirectory(exports: Exports, caller: Caller, path: string): Promise<Mounted | undefined> {
  const segments = path.split('/').filter((segment) => segment !== '');
  if (segments.length > mountPathSegmentsMax) return undefined;
  for (let count = segments.length; count > 0; count--) {
    const id = await exports.resolve(`/${segments.slice(0, count).join('/')}`);
    if (id === undefined) continue;
    const fileSystem = await exports.fileSystem(id);
    if (fileSystem === undefined) return undefined;
    return { id, directory: await walk(fileSystem, caller, segments.slice(count)) };
  }
  return undefined;
}

/** The directory that `names` lead to. Throws what the file system says of a name that leads nowhere. */
async function walk(fileSystem: FileSystem, caller: Caller, names: readonly string[]): Promise<InodeNumber> {
  let directory = fileSystem.root;
  for (const name of names) {
    if (name === '.' || name === '..') throw fileSystemError('file-system/invalid');
    const above = directory;
    const { inode, type } = await resident(() => fileSystem.lookup(caller, above, name));
    if (type !== 'directory') throw fileSystemError('file-system/not-a-directory');
    directory = inode;
  }
  return directory;
}
