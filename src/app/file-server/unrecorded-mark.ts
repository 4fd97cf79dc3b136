import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../base/system-error.ts';

/**
 * An empty file that is there while a session may hold what is not recorded: so a server that is started after another
 * was killed knows what to look after, before anybody opens it. A hint, and not synced: who opens the session looks.
 */
export class UnrecordedMark {
  readonly #path: string;

  /** `directory` is that of the session's export. */
  constructor(directory: string) {
    this.#path = join(directory, 'unrecorded');
  }

  get isSet(): boolean {
    return existsSync(this.#path);
  }

  set(): void {
    this.#try(() => closeSync(openSync(this.#path, 'a', 0o600)));
  }

  clear(): void {
    this.#try(() => rmSync(this.#path, { force: true }));
  }

  /** A full disk, or a session that is being removed, is told to those who change files, not to who gives hints. */
  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }
}
