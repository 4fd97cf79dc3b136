import type { Caller, Cookie, FileSystem, InodeNumber, ListedName } from '../file-system.ts';
import { NotResident } from '../file-system-error.ts';

/** A part of a listing. */
export interface ListWindow {
  readonly listed: readonly ListedName[];
  /** Where it goes on. */
  readonly cookie: Cookie;
  readonly ended: boolean;
}

/** Up to `count` names of a directory behind `after`. What was not in memory is asked for again, from the beginning. */
export function listWindow(
  fileSystem: FileSystem,
  caller: Caller,
  directory: InodeNumber,
  after: Cookie,
  count: number,
): ListWindow {
  for (;;) {
    const listed: ListedName[] = [];
    try {
      const ended = fileSystem.list(caller, directory, after, (name) => {
        if (listed.length === count) return false;
        listed.push(name);
        return true;
      });
      return { listed, cookie: listed.at(-1)?.cookie ?? after, ended: ended === 'end' };
    } catch (error) {
      if (!(error instanceof NotResident)) throw error;
    }
  }
}
