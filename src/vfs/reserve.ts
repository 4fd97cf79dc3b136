import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What removing some files takes in the overlay's log, and moving the log into a small database. */
const reserveBytes = 256 * 1024;

/**
 * Room on the disk that is given up when the disk is full, so that there is some to write down that files were removed.
 * Until it can be had again, nothing may be made.
 */
export class Reserve {
  readonly #path: string;
  #isHeld: boolean;

  constructor(directory: string) {
    this.#path = join(directory, 'reserve');
    this.#isHeld = existsSync(this.#path);
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Takes the room if it can be had; says whether it is held. */
  hold(): boolean {
    if (this.#isHeld) return true;
    try {
      writeFileSync(this.#path, Buffer.alloc(reserveBytes), { mode: 0o600 });
      this.#isHeld = true;
    } catch {
      // The disk is full still. What was taken of it must not be kept from others.
      this.giveUp();
    }
    return this.#isHeld;
  }

  giveUp(): void {
    this.#isHeld = false;
    rmSync(this.#path, { force: true });
  }
}
