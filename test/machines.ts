import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunOptions } from './mic.ts';
import { type MountedFiles, type MountedSession, MountScratch } from './mounts.ts';

const project = 'acme/web';
/** All machines of a test are this one: so each has a port of its own, below those that the system gives away. */
const portFirst = 15_000;
const portCount = 15_000;
const attemptsMax = 200;
const pauseMs = 50;

/** A machine: a home, workspaces and a file server of its own, and a store that others use too. */
export class Machine extends MountScratch {
  readonly name: string;
  readonly #own: Readonly<Record<string, string>>;
  readonly #port: string;

  /** `own` is what its environment has besides, such as the store. */
  constructor(name: string, own: Readonly<Record<string, string>>) {
    super(`machine ${name}`);
    this.name = name;
    this.#own = own;
    this.#port = `${portFirst + Math.floor(Math.random() * portCount)}`;
  }

  override get environment(): Record<string, string> {
    return { ...super.environment, MICELIO_FS_MACHINE: this.name, MICELIO_FS_PORT: this.#port, ...this.#own };
  }

  /** Makes the project that sessions are started on. */
  makeProject(): Promise<void> {
    return this.project(project, { 'a.txt': '1\n2\n3\n', 'b.txt': 'b\n' });
  }

  startMounted(): Promise<MountedSession> {
    return this.mountSession(project);
  }

  /** Has a session of another machine mounted here, as far as a machine without NFS can. */
  async path(id: string, ...more: readonly string[]): Promise<MountedSession> {
    return this.json<MountedSession>(['session', 'path', id, ...more], { exit: 8 });
  }

  /** What `mic` says as it refuses. */
  async refused(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return (await this.mic(args, { exit: 4, ...options })).stderr;
  }

  show(id: string): Promise<ShownSession> {
    return this.json<ShownSession>(['session', 'show', id]);
  }

  /** The files of a session as they were recorded last. */
  async recorded(id: string): Promise<Record<string, string>> {
    const directory = join(this.directory, `recorded ${Math.random()}`);
    await this.mic(['project', 'export', project, `--session=${id}`, `--to=${directory}`]);
    const names = readdirSync(directory).filter((name) => !name.startsWith('.'));
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
  }

  get log(): string {
    return readFileSync(join(this.directory, 'home/.local/state/micelio/mic-fs/log'), 'utf8');
  }

  /** How many sessions and trees the file server knows. */
  async exportCount(): Promise<number> {
    return JSON.parse((await this.micFs(['status', '--json'])).stdout).exports;
  }
}

export interface ShownSession {
  readonly tree: string;
  readonly baseTree: string;
  readonly checkpoints: readonly { readonly number: number; readonly note: string }[];
  readonly lease: {
    readonly token: number;
    readonly machine: string;
    readonly untilMs: number | null;
  } | null;
}

/** Asks again and again until `look` has what `is` wants. */
export async function until<T>(look: () => Promise<T>, is: (found: T) => boolean): Promise<T> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const found = await look();
    if (is(found)) return found;
    await delay(pauseMs);
  }
  return assert.fail('it has not come to that');
}

/** Writes a file until the server does not let it; returns the error. */
export function untilReadOnly(mounted: MountedFiles): Promise<string> {
  const write = async (): Promise<string> => {
    try {
      await mounted.write('more.txt', 'more\n');
      return '';
    } catch (error) {
      return String(error);
    }
  };
  return until(write, (said) => said !== '');
}
