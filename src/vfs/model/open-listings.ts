import { type Caller, type Cookie, type FileSystem, type InodeNumber, listingStart } from '../file-system.ts';
import { FileSystemError } from '../file-system-error.ts';
import { listWindow } from './list-window.ts';
import type { SeededRandom } from './seeded-random.ts';

const superuser: Caller = { uid: 0, gid: 0, groups: [] };
const listingsMax = 3;

interface OpenListing {
  readonly directory: InodeNumber;
  cookie: Cookie;
  readonly listed: string[];
  /** Names that were there when it began, and always since. */
  readonly steady: Set<string>;
  /** Names that were there at some time since. */
  readonly ever: Set<string>;
}

/** Listings that go on, a window now and then, while names come and go. */
export class OpenListings {
  readonly #random: SeededRandom;
  #open: OpenListing[] = [];

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** A name of a directory was given away, or taken, or stands for another file. */
  changed(directory: InodeNumber, name: string, isThere: boolean): void {
    for (const listing of this.#open) {
      if (listing.directory !== directory) continue;
      if (isThere) listing.ever.add(name);
      else listing.steady.delete(name);
    }
  }

  begin(fileSystem: FileSystem, directory: InodeNumber): void {
    if (this.#open.length >= listingsMax) return;
    const { listed } = listWindow(fileSystem, superuser, directory, listingStart, Number.MAX_SAFE_INTEGER);
    const names = listed.map(({ name }) => name);
    const [steady, ever] = [new Set(names), new Set(names)];
    this.#open.push({ directory, cookie: listingStart, listed: [], steady, ever });
  }

  /** Lists a window of each, and returns what is wrong with those that came to their end. */
  goOn(fileSystem: FileSystem): string[] {
    const wrong: string[] = [];
    this.#open = this.#open.filter((listing) => {
      try {
        const count = 1 + this.#random.below(6);
        const { cookie, ended, listed } = listWindow(
          fileSystem,
          superuser,
          listing.directory,
          listing.cookie,
          count,
        );
        listing.cookie = cookie;
        for (const { name } of listed) listing.listed.push(name);
        if (ended) wrong.push(...mistakesOf(listing));
        return !ended;
      } catch (error) {
        // The directory is gone.
        if (error instanceof FileSystemError && error.code === 'file-system/stale') return false;
        throw error;
      }
    });
    return wrong;
  }
}

function mistakesOf({ listed, steady, ever }: OpenListing): string[] {
  const counts = new Map<string, number>();
  for (const name of listed) counts.set(name, (counts.get(name) ?? 0) + 1);
  const wrong: string[] = [];
  for (const name of steady) {
    const count = counts.get(name) ?? 0;
    if (count !== 1) wrong.push(`"${name}" was there all the while, and listed ${count} times`);
  }
  for (const name of counts.keys()) {
    if (!ever.has(name)) wrong.push(`"${name}" was listed, and never there`);
  }
  return wrong;
}
