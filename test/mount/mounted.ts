import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { describeWherePossible } from '../needs.ts';
import { Guest, type RunOptions, type RunResult } from '../nfs-guest/guest.ts';
import { guestLack } from '../nfs-guest/lack.ts';
import type { Share } from '../nfs-guest/user-mode-linux.ts';
import { type ServedSessions, type ServeOptions, serveSessions } from './served-session.ts';

export interface MountedOptions extends ServeOptions {
  /** Programs that the scenarios need. */
  readonly programs?: readonly string[];
  readonly memoryMiB?: number;
  readonly shares?: readonly Share[];
}

/** Programs of these tests that run in the guest: at a place where every user may read them. */
export const programDirectory = '/run/programs';

/** A session, mounted in a guest. */
export class Mounted {
  readonly served: ServedSessions;
  readonly guest: Guest;
  /** Where the session is mounted. */
  readonly directory: string;
  #places = 0;

  private constructor(served: ServedSessions, guest: Guest, directory: string) {
    this.served = served;
    this.guest = guest;
    this.directory = directory;
  }

  static async start({ memoryMiB = 2048, shares = [], ...options }: MountedOptions): Promise<Mounted> {
    const served = await serveSessions(options);
    const programs: Share = {
      directory: `${import.meta.dirname}/programs`,
      at: programDirectory,
      access: 'read-only',
    };
    const guest = await Guest.start({ memoryMiB, shares: [programs, ...shares] });
    return new Mounted(served, guest, await guest.mount(served.exports[0]!));
  }

  /**
   * Runs a bash script, whose every command must succeed, in a new directory of the mount, and returns what it prints.
   * Fails with all that it printed otherwise.
   */
  async sh(script: string, options: RunOptions = {}): Promise<string> {
    return (await this.run(script, options)).stdout;
  }

  async run(script: string, options: RunOptions = {}): Promise<RunResult> {
    const place = `${this.directory}/place-${++this.#places}`;
    const { status } = await this.guest.run(`mkdir -m 1777 ${place}`);
    assert.equal(status, 0, `mkdir ${place} ended with ${status}`);
    return runAll(this.guest, script, { directory: place, ...options });
  }

  async stop(): Promise<void> {
    await this.guest.stop();
    await this.served.stop();
  }
}

/** Runs a bash script in a guest, whose every command must succeed; fails with all that it printed otherwise. */
export async function runAll(guest: Guest, script: string, options: RunOptions = {}): Promise<RunResult> {
  const result = await guest.run(`set -euo pipefail\n${script}`, options);
  const { status, stdout, stderr } = result;
  assert.equal(status, 0, `ended with ${status}\n${tail(stdout)}\n${tail(stderr)}`);
  return result;
}

function tail(text: string): string {
  return text.length > 4000 ? `…${text.slice(-4000)}` : text;
}

/** A suite on a session that is mounted before and gone afterwards. */
export function describeMounted(
  name: string,
  options: MountedOptions,
  body: (mounted: () => Mounted) => void,
): void {
  describeWherePossible(name, guestLack(options.programs), () => {
    let mounted: Mounted | undefined;
    before(async () => {
      mounted = await Mounted.start(options);
    });
    after(() => mounted?.stop());
    body(() => mounted!);
  });
}
