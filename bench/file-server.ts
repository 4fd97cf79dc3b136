import { join } from 'node:path';
import { readFileServerSettings } from '../src/app/configuration.ts';
import { connectFileServer } from '../src/app/file-server/launch.ts';
import type { OpenProject } from '../src/app/open-project.ts';
import { Sessions } from '../src/app/sessions.ts';
import { version } from '../src/app/version.ts';
import { Workspaces } from '../src/app/workspaces.ts';
import type { Session } from '../src/session/session.ts';
import type { FileServer, ServedSession } from '../src/workspace/mount/file-server-port.ts';
import { Mounter } from '../src/workspace/mount/mounter.ts';

/** A `mic-fs` of its own, below `directory`, in another process. */
export interface BenchFileServer {
  readonly pid: number;
  readonly files: FileServer;
  /** Serves a session, as `mic session start --workspace=mount` does, and mounts nothing. */
  attach(session: Session): Promise<ServedSession>;
  sessions(project: OpenProject): Sessions;
  stop(): Promise<void>;
}

/** Starts it. `store` is the directory of the store that its sessions are in. */
export async function startFileServer(directory: string, store: string): Promise<BenchFileServer> {
  const environment = {
    ...process.env,
    HOME: directory,
    XDG_STATE_HOME: join(directory, 'state'),
    XDG_DATA_HOME: join(directory, 'data'),
    XDG_RUNTIME_DIR: join(directory, 'run'),
    MICELIO_FS_PORT: '',
  };
  const settings = readFileServerSettings(environment);
  const uid = process.getuid!();
  const owner = { uid, gid: process.getgid!() };
  const { client, status } = await connectFileServer({ settings, environment, version: version(), uid });
  const mounter = new Mounter({ platform: 'aix', uid, mountWith: [] });
  const mounts = async () => ({ server: client, mounter });
  return {
    pid: status.pid,
    files: client,
    attach: (session) =>
      client.attach({
        store,
        project: session.project,
        session: session.id,
        tree: session.tree,
        startedMs: session.createdMs,
        directory: join(directory, 'workspaces', session.id),
        owner,
      }),
    sessions: (project) =>
      new Sessions(
        project,
        new Workspaces({ root: join(directory, 'workspaces'), store, here: undefined, owner, mounts }),
      ),
    async stop() {
      await client.call('stop', { how: 'restart' });
    },
  };
}
