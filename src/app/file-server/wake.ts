import { existsSync } from 'node:fs';
import { mountOf, readMountTable, servedSource } from '../../workspace/mount/mount-table.ts';
import { type Environment, readFileServerSettings } from '../configuration.ts';
import { currentUser } from '../mounts.ts';

/**
 * Sees to it that a command called inside a mounted session does not wait for ever for a file server that has died: it
 * is started again before anybody looks at a file there. Costs a small read for whoever has mounted something, and
 * nothing for others. Throws `file-server/port-taken` where it runs elsewhere now, and as `connectFileServer` does.
 */
export async function wakeFileServer(environment: Environment, directory: string): Promise<void> {
  const settings = readFileServerSettings(environment);
  if (!existsSync(settings.state)) return;
  const mounted = mountOf(await readMountTable(process.platform), directory);
  const served = mounted && servedSource(mounted.source);
  if (mounted === undefined || served === undefined) return;
  // Loaded here: whoever is in no such place does without.
  const [{ connectFileServer }, { StateDirectory }, { FileServerError }, { version }] = await Promise.all([
    import('./launch.ts'),
    import('./state-directory.ts'),
    import('./file-server-error.ts'),
    import('../version.ts'),
  ]);
  const { uid } = currentUser();
  const port = new StateDirectory(settings, uid).readPort();
  if (port === undefined || (await answers(served.host, port))) return;
  const { status } = await connectFileServer({ settings, environment, version: version(), uid });
  if (status.port === port) return;
  throw new FileServerError(
    'file-server/port-taken',
    `"${mounted.directory}" is mounted from port ${port}, and mic-fs is on port ${status.port} now. Leave the directory, unmount it, and mount it again: mic session path ${served.session}`,
  );
}

/** Whether somebody listens there. */
async function answers(host: string, port: number): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true));
    socket.once('error', end(false));
  });
}
