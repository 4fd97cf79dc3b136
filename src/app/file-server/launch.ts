import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { hasCode } from '../../base/error.ts';
import { packageRoot } from '../../base/package-root.ts';
import type { Environment, FileServerSettings } from '../configuration.ts';
import type { FileServerStatus } from './calls.ts';
import { FileServerClient } from './control-client.ts';
import { FileServerError } from './file-server-error.ts';
import { StateDirectory } from './state-directory.ts';

/** How long a file server may take to start or to stop, in ms; stopping, it records what is open. */
const startMsMax = 30_000;
const stopMsMax = 120_000;
const pauseMs = 20;
/** Lines of the log that are shown when it does not start. */
const shownLines = 3;

const program = fileURLToPath(new URL('bin/mic-fs.mjs', packageRoot));

export interface LaunchOptions {
  readonly settings: FileServerSettings;
  /** What the file server gets as its environment when it has to be started. */
  readonly environment: Environment;
  /** The version of Micelio that runs here. */
  readonly version: string;
  readonly uid: number;
}

/** A file server that answers. */
export interface AnsweringServer {
  readonly client: FileServerClient;
  readonly status: FileServerStatus;
}

/**
 * The file server of this user, started where none runs. One of another version is replaced when it is not at work:
 * clients wait and notice nothing. Throws `file-server/not-started` and `file-server/other-version`.
 */
export async function connectFileServer(options: LaunchOptions): Promise<AnsweringServer> {
  const state = new StateDirectory(options.settings, options.uid);
  for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += pauseMs) {
    const found = await findFileServer(state);
    if (found?.status.version === options.version) return found;
    if (found !== undefined) await replace(state, found, options.version);
    // Another process that starts it at the same time, or one that is about to stop, has the lock.
    else if (state.isRunning()) await delay(pauseMs);
    else await launch(state, options.environment);
  }
  throw new FileServerError(
    'file-server/not-started',
    `mic-fs has been starting or stopping for ${startMsMax / 1000} s. Look into its log, ${state.logFile}, or end it: mic-fs stop`,
  );
}

/** The file server that runs, if one does and answers. */
export async function findFileServer(state: StateDirectory): Promise<AnsweringServer | undefined> {
  const running = state.readRunning();
  if (running === undefined) return undefined;
  const client = new FileServerClient(running.socket);
  try {
    return { client, status: await client.call('status', {}) };
  } catch (error) {
    if (hasCode(error, 'file-server/gone')) return undefined;
    throw error;
  }
}

/**
 * Has the file server record what is open and end, also one that does not answer, and waits until it has. Returns its
 * process; undefined when none runs. Throws `file-server/failed` where it goes on.
 */
export async function endFileServer(state: StateDirectory): Promise<number | undefined> {
  const found = await findFileServer(state);
  if (found !== undefined) {
    await stopFileServer(state, found, 'checkpoint');
    return found.status.pid;
  }
  const pid = state.isRunning() ? state.readRunning()?.pid : undefined;
  if (pid === undefined) return undefined;
  process.kill(pid, 'SIGTERM');
  await untilStopped(state, pid);
  return pid;
}

/** Has the file server stop, and waits until it has. Throws `file-server/failed` where it goes on. */
async function stopFileServer(
  state: StateDirectory,
  { client, status }: AnsweringServer,
  how: 'checkpoint' | 'restart',
): Promise<void> {
  await client.call('stop', { how });
  await untilStopped(state, status.pid);
}

async function untilStopped(state: StateDirectory, pid: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < stopMsMax; waitedMs += pauseMs) {
    if (!state.isRunning()) return;
    await delay(pauseMs);
  }
  throw new FileServerError(
    'file-server/failed',
    `mic-fs (process ${pid}) has not ended after ${stopMsMax / 1000} s. Look into its log, ${state.logFile}; what was changed is kept even if you end it by force.`,
  );
}

async function replace(state: StateDirectory, found: AnsweringServer, version: string): Promise<void> {
  if (found.status.busy > 0) {
    throw new FileServerError(
      'file-server/other-version',
      `mic-fs ${found.status.version} is at work, and this is mic ${version}. Do it again when it is done, or stop it: mic-fs stop`,
    );
  }
  await stopFileServer(state, found, 'restart');
}

/** Starts the program in the background, and waits until it is ready or another one is. */
async function launch(state: StateDirectory, environment: Environment): Promise<void> {
  const { spawn } = await import('node:child_process');
  const log = openSync(state.logFile, 'a', 0o600);
  try {
    const child = spawn(process.execPath, [program, 'run', '--log=file', '--json'], {
      detached: true,
      cwd: '/',
      env: environment,
      stdio: ['ignore', 'pipe', log],
    });
    const said = await readAnswer(child.stdout!);
    child.unref();
    const message = said?.error?.message;
    if (said === undefined || message !== undefined) throw notStarted(state, message);
  } finally {
    closeSync(log);
  }
}

/** What the program says: that it is ready, or why it ended; undefined where it says nothing in time. */
async function readAnswer(stream: Readable): Promise<{ error?: { message?: string } } | undefined> {
  const timer = setTimeout(() => stream.destroy(), startMsMax);
  let text = '';
  try {
    for await (const piece of stream) {
      text += String(piece);
      const answer = parseJson(text);
      if (answer !== undefined) return answer;
    }
  } catch (error) {
    if (!stream.destroyed) throw error;
  } finally {
    clearTimeout(timer);
  }
  return undefined;
}

/** Undefined for what is no JSON yet. */
function parseJson(text: string): { error?: { message?: string } } | undefined {
  try {
    return JSON.parse(text) as { error?: { message?: string } };
  } catch {
    return undefined;
  }
}

function notStarted(state: StateDirectory, said: string | undefined): FileServerError {
  const lines = readFileSync(state.logFile, 'utf8').trimEnd().split('\n').slice(-shownLines).join('\n');
  return new FileServerError(
    'file-server/not-started',
    said ?? `mic-fs did not start. The end of its log, ${state.logFile}:\n${lines}`,
  );
}
