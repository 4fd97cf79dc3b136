import { lstatSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAbsent, systemCode } from '../../base/system-error.ts';
import type { ObjectKey } from '../object-store.ts';
import { keyConflict } from '../object-store.ts';
import type { Disk } from './disk.ts';

/** How often a name is tried again when other processes make and remove folders around it. */
const attemptsMax = 16;

/** The directories above the objects. They come with the first object in them and go with the last. */
export class Folders {
  readonly #root: string;
  readonly #disk: Disk;

  constructor(root: string, disk: Disk) {
    this.#root = root;
    this.#disk = disk;
  }

  /**
   * Runs `step`, which gives the object `key` its name, and when it fails for that makes way for it: folders above,
   * no empty folder in its place. Throws `storage/key-conflict` where there can be no way.
   */
  makingWay<T>(key: ObjectKey, step: () => T): T {
    const path = `${this.#root}/${key}`;
    for (let attempt = 1; ; attempt++) {
      try {
        return step();
      } catch (error) {
        const code = systemCode(error);
        if (code === 'ENOTDIR') throw keyConflict(key, error);
        if (attempt === attemptsMax) throw error;
        if (code === 'ENOENT') this.make(dirname(path));
        else if (kindOf(path) === 'folder') this.#clear(key, path);
        // EEXIST: what stood there has gone in the meantime.
        else if (code !== 'EEXIST') throw error;
      }
    }
  }

  /** Makes a directory and those above it, so that they survive a power cut. Says nothing when it is there already. */
  make(path: string): void {
    try {
      this.#disk.makeDirectory(path);
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return;
      if (systemCode(error) !== 'ENOENT') throw error;
      this.make(dirname(path));
      this.make(path);
      return;
    }
    this.#disk.flushDirectory(dirname(path));
  }

  /** Removes the folders above an object that has been removed, as far as they are empty. */
  removeEmptyAbove(key: ObjectKey): void {
    for (let slash = key.lastIndexOf('/'); slash > 0; slash = key.lastIndexOf('/', slash - 1)) {
      try {
        this.#disk.removeDirectory(`${this.#root}/${key.slice(0, slash)}`);
      } catch (error) {
        // Not empty, as a rule. Whatever else: the object is gone, and an empty folder does no harm.
        if (systemCode(error) === undefined) throw error;
        return;
      }
    }
  }

  /** Removes a folder that has nothing but empty folders in it; it is a key's folder otherwise. */
  #clear(key: ObjectKey, path: string): void {
    try {
      for (const name of readdirSync(path)) {
        if (kindOf(`${path}/${name}`) !== 'folder') throw keyConflict(key);
        this.#clear(key, `${path}/${name}`);
      }
      this.#disk.removeDirectory(path);
    } catch (error) {
      // Someone else was faster, with removing it or with an object in it: the next attempt sees which.
      const code = systemCode(error);
      if (!isAbsent(error) && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    }
  }
}

/** What stands under a path; undefined for nothing. A key's folder that is a file counts as nothing too. */
export function kindOf(path: string): 'file' | 'folder' | 'other' | undefined {
  try {
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status === undefined) return undefined;
    if (status.isFile()) return 'file';
    return status.isDirectory() ? 'folder' : 'other';
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
