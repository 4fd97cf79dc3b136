import { connect } from 'node:net';
import { mountOf, servedSource } from '../../workspace/mount/mount-table.ts';
import { readMountTable } from '../../workspace/mount/mounter.ts';
import { type Environment, readFileServerSettings } from '../configuration.ts';
import { version } from '../version.ts';
import { FileServerError } from './file-server-error.ts';

/**
 * Sees to it that a command called inside a mounted session does not wait for ever for a file server that has died: it
 * is started again before anybody looks at a file there. Costs one small read where `directory` is in no such mount.
 */
export async function wakeFileServer(environment: Environment, directory: string): Promise<void> {
  const mounted = mountOf(await readMountTable(process.platform), directory);
  const served = mounted && servedSource(mounted.source);
  if (mounted === undefined || served === undefined) return;
  const settings = readFileServerSettings(environment);
  const { StateDirectory } = await import('./state-directory.ts');
  const uid = process.getuid!();
  const port = new StateDirectory(settings, uid).readPort();
  if (port === undefined || (await answers(served.host, port))) return;
  const { connectFileServer } = await import('./launch.ts');
  const { status } = await connectFileServer({ settings, environment, version: version(), uid });
  if (status.port === port) return;
  throw new FileServerError(
    'file-server/port-taken',
    `"${mounted.directory}" is mounted from port ${port}, and mic-fs is on port ${status.port} now. Leave the directory, unmount it, and mount it again: mic session path ${served.session}`,
  );
}

/** Whether somebody listens there. */
function answers(host: string, port: number): Promise<boolean> {
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
