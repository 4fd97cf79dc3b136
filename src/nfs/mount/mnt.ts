import { fileSystemError } from '../../vfs/file-system-error.ts';
import type { Call } from '../call.ts';
import { type ExportId, type ExportKey, exportKey } from '../exports.ts';
import { mountPathBytesMax } from '../limits.ts';
import type { Procedure } from '../procedure.ts';
import { authFlavor } from '../rpc/credentials.ts';

/** MNT: the handle of the directory that an export begins with. Whatever is not to be had is denied in the same words. */
export const mnt: Procedure = {
  name: 'mount.mnt',
  failure: [],
  effect: 'reads',
  repeated: 'harmless',
  run(call) {
    const path = call.arguments.byteString(mountPathBytesMax);
    const { exports } = call.surroundings;
    let id: ExportId | undefined;
    let root: Awaited<ReturnType<typeof exports.fileSystem>>;
    const open = async (): Promise<void> => {
      id = await exports.resolve(path);
      root = id === undefined ? undefined : await exports.fileSystem(id);
    };
    return {
      waitFor: open(),
      finish: () => {
        if (id === undefined || root === undefined) throw fileSystemError('file-system/denied');
        writeMounted(call, exportKey(id), root.root);
      },
    };
  },
};

function writeMounted(call: Call, exported: ExportKey, root: Parameters<Call['writeHandle']>[0]): void {
  call.succeed();
  call.surroundings.handles.write(call.reply, exported, root);
  const flavors = [authFlavor.sys, authFlavor.none];
  call.reply.uint32(flavors.length);
  for (const flavor of flavors) call.reply.uint32(flavor);
}
