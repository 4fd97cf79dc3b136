import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { LeftToDo } from '../../session/workspace-port.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import type { ServedPath } from './file-server-port.ts';
import { type CommandWords, mountCommand, shellLine, unmountCommand } from './mount-commands.ts';
import { readMountTable, servedSource } from './mount-table.ts';

const run = promisify(execFile);

/** How a mounting went; where it is not mounted, why. */
export type MountOutcome = { readonly mounted: true } | { readonly mounted: false; readonly reason: string };

/** How long a mounting or unmounting may take, in ms. The server is there, so what takes longer will not come. */
const commandMsMax = 20_000;

export interface MounterOptions {
  readonly platform: NodeJS.Platform;
  /** Who this process is. */
  readonly uid: number;
  /** What to put in front of `mount` and `umount`, such as `sudo -n`; nothing is, unless the user has said so. */
  readonly mountWith: readonly string[];
}

/**
 * Mounts served sessions with the kernel's NFS client, and never asks for a password. On Linux only root may mount; a
 * user can allow more in the configuration. macOS lets a user mount on directories of their own.
 */
export class Mounter {
  readonly #options: MounterOptions;

  constructor(options: MounterOptions) {
    this.#options = options;
  }

  /** The command that mounts `served` on `directory`, as this user would type it. */
  mountLine(served: ServedPath, directory: string, access?: 'read-write' | 'read-only'): string {
    return this.#line(mountCommand(this.#options.platform, served, directory, access));
  }

  /**
   * What is mounted on `directory`, `HOST:PATH`, if that is the session. Does not look into the directory, for whoever
   * does waits while the server is away.
   */
  async mountedSource(session: string, directory: string): Promise<string | undefined> {
    const place = realDirectory(directory);
    const table = await readMountTable(this.#options.platform);
    const topmost = table.findLast((mounted) => mounted.directory === place);
    return topmost && servedSource(topmost.source)?.session === session ? topmost.source : undefined;
  }

  /** Mounts `served` on `directory`, which is made where it is missing. */
  async mount(served: ServedPath, directory: string): Promise<MountOutcome> {
    try {
      mkdirSync(directory, { recursive: true });
      if (readdirSync(directory).length > 0) return { mounted: false, reason: 'its directory is not empty' };
    } catch (error) {
      throw workspaceErrorFrom(error, `make the directory "${directory}"`);
    }
    if (!this.#mayMount) return { mounted: false, reason: 'only root may mount here' };
    const said = await this.#run(mountCommand(this.#options.platform, served, directory));
    return said === undefined ? { mounted: true } : { mounted: false, reason: said };
  }

  /** Unmounts `directory`, also while something still uses it. Returns the command where this process may not. */
  async unmount(directory: string): Promise<LeftToDo> {
    const { platform } = this.#options;
    const gently = unmountCommand(platform, directory, 'gently');
    if (!this.#mayMount) return this.#line(gently);
    if ((await this.#run(gently)) === undefined) return undefined;
    const failed = await this.#run(unmountCommand(platform, directory, 'detach'));
    return failed === undefined ? undefined : this.#line(gently);
  }

  get #mayMount(): boolean {
    const { platform, uid, mountWith } = this.#options;
    return uid === 0 || platform === 'darwin' || mountWith.length > 0;
  }

  #line(words: CommandWords): string {
    const { platform, uid } = this.#options;
    return shellLine(uid === 0 || platform === 'darwin' ? words : ['sudo', ...words]);
  }

  /** Undefined when all went well, and otherwise what the program said. */
  async #run(words: CommandWords): Promise<string | undefined> {
    const [program, ...rest] = [...(this.#options.uid === 0 ? [] : this.#options.mountWith), ...words];
    try {
      await run(program!, rest, {
        timeout: commandMsMax,
        killSignal: 'SIGKILL',
      });
      return undefined;
    } catch (error) {
      return saidBy(error, program!);
    }
  }
}

/** The directory without symlinks on the way to it, found without a look at what is mounted on it. */
function realDirectory(directory: string): string {
  try {
    return join(realpathSync(dirname(directory)), basename(directory));
  } catch {
    // No directory above it, so nothing is mounted on it.
    return directory;
  }
}

function saidBy(error: unknown, program: string): string {
  const { stderr, code, killed } = error as { stderr?: string; code?: string | number; killed?: boolean };
  if (code === 'ENOENT') return `there is no "${program}" on this machine`;
  if (killed) return `"${program}" took longer than ${commandMsMax / 1000} s`;
  const line = stderr
    ?.split('\n')
    .map((text) => text.trim())
    .find((text) => text !== '');
  return line ?? `"${program}" ended with ${code}`;
}
