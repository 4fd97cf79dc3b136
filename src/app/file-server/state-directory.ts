import { readFileSync, rmSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { hashOf } from '../../base/hash.ts';
import type { Random } from '../../base/random.ts';
import { isAbsent } from '../../base/system-error.ts';
import { ProcessLock } from '../../storage/directory/process-lock.ts';
import type { FileServerSettings } from '../configuration.ts';
import { FileServerError } from './file-server-error.ts';
import { makePrivateDirectory } from './private-directory.ts';

/** The path of a Unix socket may have 104 bytes on macOS and 108 on Linux, its end included. */
const socketPathBytesMax = 100;
const handleKeyBytes = 32;

/** What a running file server says of itself. What a dead one has left says nothing: see `isRunning`. */
export interface RunningServer {
  readonly pid: number;
  /** The version of Micelio that runs. */
  readonly version: string;
  /** Where it takes calls. */
  readonly socket: string;
}

const runningSchema = v.object({ pid: v.number(), version: v.string(), socket: v.string() });

/**
 * The directory in which the file server of a user keeps what it needs for itself (`docs/formats/file-server.md`). Its
 * lock says whether one runs, and dies with the process that has it; everything else may be stale.
 */
export class StateDirectory {
  readonly path: string;
  readonly #settings: FileServerSettings;
  readonly #uid: number;

  /** Makes the directory where it is missing. Throws `file-server/denied`. */
  constructor(settings: FileServerSettings, uid: number) {
    this.#settings = settings;
    this.#uid = uid;
    this.path = settings.state;
    makePrivateDirectory(this.path, uid);
  }

  get logFile(): string {
    return join(this.path, 'log');
  }

  /** Takes the lock of the one file server that may run; undefined when one does. */
  tryLock(): ProcessLock | undefined {
    const lock = new ProcessLock(join(this.path, 'lock'));
    if (lock.tryTake()) return lock;
    lock.close();
    return undefined;
  }

  /** Whether a file server runs, or is being started or stopped. */
  isRunning(): boolean {
    const lock = this.tryLock();
    lock?.close();
    return lock === undefined;
  }

  /** Where this file server takes calls: in here, or in a directory with a short path that only this user can enter. */
  socketPath(): string {
    const here = join(this.path, 'control');
    if (Buffer.byteLength(here) <= socketPathBytesMax) return here;
    const name = `micelio-${this.#uid}-${hashOf(Buffer.from(this.path)).slice(0, 16)}`;
    for (const parent of [this.#settings.runtime, tmpdir(), '/tmp']) {
      if (parent === undefined) continue;
      const path = join(parent, name, 'control');
      if (Buffer.byteLength(path) > socketPathBytesMax) continue;
      makePrivateDirectory(dirname(path), this.#uid);
      return path;
    }
    throw new FileServerError(
      'file-server/denied',
      `No directory is short enough for the socket of mic-fs. Set XDG_STATE_HOME or XDG_RUNTIME_DIR to a shorter path.`,
    );
  }

  /** What the file server that runs, or ran last, says of itself. */
  readRunning(): RunningServer | undefined {
    const parsed = v.safeParse(runningSchema, parsedJson(readText(join(this.path, 'running.json'))));
    return parsed.success ? parsed.output : undefined;
  }

  writeRunning(running: RunningServer): Promise<void> {
    return replaceDurably(join(this.path, 'running.json'), `${JSON.stringify(running)}\n`);
  }

  removeRunning(): void {
    rmSync(join(this.path, 'running.json'), { force: true });
  }

  /** The port that was chosen at some time, and that clients have mounted. */
  readPort(): number | undefined {
    const text = readText(join(this.path, 'port'));
    return text !== undefined && /^\d{1,5}\n$/.test(text) ? Number(text) : undefined;
  }

  writePort(port: number): Promise<void> {
    return replaceDurably(join(this.path, 'port'), `${port}\n`);
  }

  /** The key by which file handles are recognised; made when it is first asked for. Only the one server may ask. */
  async handleKey(random: Random): Promise<Uint8Array> {
    const path = join(this.path, 'handle-key');
    try {
      const key = await readFile(path);
      if (key.length === handleKeyBytes) return key;
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
    const key = random.bytes(handleKeyBytes);
    await replaceDurably(path, key);
    return key;
  }
}

/** Replaces a file that only its owner may read: after a crash it is the old one or the new. */
export async function replaceDurably(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function parsedJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
