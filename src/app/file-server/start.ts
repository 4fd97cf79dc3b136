import { systemClock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import type { FileServerSettings } from '../configuration.ts';
import { currentUser } from '../mounts.ts';
import { StoreRequests } from '../store-requests.ts';
import { version } from '../version.ts';
import { FileServerProcess } from './file-server-process.ts';
import { type AnsweringServer, endFileServer, findFileServer } from './launch.ts';
import { boundedFile, lineLog } from './log.ts';
import { StateDirectory } from './state-directory.ts';
import { tallyRequests } from './tally-requests.ts';

/** Becomes the file server of this user; `running` when another process is it. Throws as `FileServerProcess.start`. */
export async function startFileServer(
  settings: FileServerSettings,
  logTo: 'stderr' | 'file',
  stderr: { write(text: string): unknown },
): Promise<FileServerProcess | 'running'> {
  const state = stateOf(settings);
  const write = logTo === 'file' ? boundedFile(state.logFile) : (line: string) => stderr.write(line);
  const requests = new StoreRequests();
  const server = await FileServerProcess.start({
    settings,
    state,
    version: version(),
    log: lineLog(systemClock, write),
    requests,
    clock: systemClock,
    random: systemRandom,
    uid: currentUser().uid,
    platform: process.platform,
  });
  if (server !== 'running' && settings.requestTally !== undefined)
    tallyRequests(requests, settings.requestTally, systemClock, server.stopped);
  return server;
}

/** The file server that runs, if one does and answers. */
export function findRunningServer(settings: FileServerSettings): Promise<AnsweringServer | undefined> {
  return findFileServer(stateOf(settings));
}

/** Has it record what is open and end. Returns its process; undefined when none runs. */
export function stopRunningServer(settings: FileServerSettings): Promise<number | undefined> {
  return endFileServer(stateOf(settings));
}

export function logFileOf(settings: FileServerSettings): string {
  return stateOf(settings).logFile;
}

function stateOf(settings: FileServerSettings): StateDirectory {
  return new StateDirectory(settings, currentUser().uid);
}
