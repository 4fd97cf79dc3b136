import type { FileOwner, FileServer } from '../workspace/mount/file-server-port.ts';
import type { Mounter } from '../workspace/mount/mounter.ts';
import type { Configuration, Environment } from './configuration.ts';
import type { FileServerClient } from './file-server/control-client.ts';

/** What mounted workspaces need: who serves their files, and who mounts them. */
export interface Mounts {
  readonly server: FileServer;
  readonly mounter: Mounter;
}

/** The same, with the file server in a process of its own. */
export interface LaunchedMounts extends Mounts {
  readonly server: FileServerClient;
}

/** The user of this process, to whom the files of mounted workspaces belong; root where the system has no such numbers. */
export function currentUser(): FileOwner {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

/** Connects to the file server of this user, which is started where none runs. */
export async function launchMounts(
  { fileServer: settings }: Pick<Configuration, 'fileServer'>,
  environment: Environment,
): Promise<LaunchedMounts> {
  // Loaded here: most commands mount nothing.
  const [{ connectFileServer }, { Mounter }, { version }] = await Promise.all([
    import('./file-server/launch.ts'),
    import('../workspace/mount/mounter.ts'),
    import('./version.ts'),
  ]);
  const { uid } = currentUser();
  const { client } = await connectFileServer({ settings, environment, version: version(), uid });
  const { mountWith } = settings;
  return { server: client, mounter: new Mounter({ platform: process.platform, uid, mountWith }) };
}
