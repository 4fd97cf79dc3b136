import {
  closeSync,
  constants,
  copyFileSync,
  type MakeDirectoryOptions,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsent, systemCode } from '../../storage/directory/disk-error.ts';
import { pathBytes, type TreePath, textFromPath } from '../../tree/path.ts';
import { cannotClone, cloneBytesMin, reflink } from '../checkout/clone-files.ts';
import { hasRealParents } from '../checkout/safe-removal.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import type { Places, WantedContent } from './layout.ts';
import { ProvisionError } from './provision-error.ts';
import { stagingName } from './provision-path.ts';

/** From this size in bytes on, a copy is left to another thread. */
const largeBytesMin = 1024 * 1024;

const ignoreEverything = '*\n';

/** What a template has become: its bytes, and who may read them. */
export interface TemplateFile {
  readonly bytes: Buffer;
  readonly mode: number;
}

/**
 * Writes files into a workspace, and takes everything back when something fails. Nothing that is there is overwritten:
 * what is to be replaced or removed is first moved into a staging directory of the workspace, which git ignores.
 */
export class WorkspaceWriter {
  readonly #places: Places;
  readonly #undo: (() => void)[] = [];
  #staged = 0;
  /** Until the disk says that it cannot. */
  #canClone = true;

  constructor(places: Places) {
    this.#places = places;
    // What an interrupted run has left there was ours and is written again.
    this.#removeStaging();
  }

  /** Makes a directory; `mode` undefined for what the umask gives. */
  makeDirectory(path: TreePath, mode: number | undefined): void {
    this.#checkParents(path);
    const where = diskPath(this.#places.to, path);
    // Whoever makes a directory can write into it until it is full.
    const options: MakeDirectoryOptions = mode === undefined ? {} : { mode: mode | 0o700 };
    mkdirSync(where, options);
    this.#undo.push(() => rmdirSync(where));
  }

  /** Removes an empty directory; false when it is not empty. */
  removeDirectory(path: TreePath): boolean {
    const status = diskStatus(this.#places.to, path);
    if (!status?.isDirectory() || !hasRealParents(this.#places.to, path)) return false;
    const where = diskPath(this.#places.to, path);
    try {
      rmdirSync(where);
    } catch {
      // Whatever is in it stays, and so does the directory.
      return false;
    }
    this.#undo.push(() => mkdirSync(where, { mode: status.mode & 0o777 }));
    return true;
  }

  /** Moves a file out of the way; it is gone when all has been done. */
  remove(path: TreePath): void {
    this.#checkParents(path);
    const where = diskPath(this.#places.to, path);
    const aside = join(this.#stagingDirectory(), `old-${this.#staged++}`);
    renameSync(where, aside);
    this.#undo.push(() => renameSync(aside, where));
  }

  /** Makes a file or symlink where there is none. */
  async create(path: TreePath, content: WantedContent, template: TemplateFile | undefined): Promise<void> {
    this.#checkParents(path);
    const where = diskPath(this.#places.to, path);
    // Only what was made here is taken back, not what somebody else has made under this name in the meantime.
    const made = (): void => {
      this.#undo.push(() => unlinkSync(where));
    };
    if (content.kind !== 'copy') {
      makeSmall(where, content, template, made);
      return;
    }
    const { source, status } = content;
    await this.#copy(diskPath(this.#places.from, source), where, status.size);
    made();
    // Build tools go by times.
    utimesSync(where, status.atime, status.mtime);
  }

  /** Lets the copy share the blocks of its source where the disk can. */
  async #copy(source: string | Buffer, where: string | Buffer, bytes: number): Promise<void> {
    if (this.#canClone && bytes >= cloneBytesMin) {
      try {
        reflink(source, where);
        return;
      } catch (error) {
        if (!cannotClone.has(systemCode(error) ?? '')) throw error;
        this.#canClone = false;
      }
    }
    if (bytes >= largeBytesMin) await copyFile(source, where, constants.COPYFILE_EXCL);
    else copyFileSync(source, where, constants.COPYFILE_EXCL);
  }

  /** Takes back everything, the last thing first. Returns what could not be taken back. */
  takeBack(): unknown[] {
    const failures: unknown[] = [];
    for (const undo of this.#undo.reverse()) {
      try {
        undo();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#undo.length = 0;
    if (failures.length === 0) this.#removeStaging();
    return failures;
  }

  /** Ends: what was moved out of the way is removed. */
  finish(): void {
    this.#undo.length = 0;
    this.#removeStaging();
  }

  #checkParents(path: TreePath): void {
    if (hasRealParents(this.#places.to, path)) return;
    throw new ProvisionError(
      'provision/in-the-way',
      `The directories above "${textFromPath(path)}" were changed while files were written. Do it again.`,
    );
  }

  #stagingDirectory(): string {
    const directory = join(this.#places.to, stagingName);
    if (this.#staged === 0) {
      mkdirSync(directory, { mode: 0o700 });
      const ignoreFile = openSync(join(directory, '.gitignore'), 'wx');
      writeSync(ignoreFile, ignoreEverything);
      closeSync(ignoreFile);
    }
    return directory;
  }

  #removeStaging(): void {
    rmSync(join(this.#places.to, stagingName), { recursive: true, force: true });
  }
}

/** Makes a symlink, or a file of a template; `made` is called as soon as there is something to take back. */
function makeSmall(
  where: string | Buffer,
  content: WantedContent,
  template: TemplateFile | undefined,
  made: () => void,
): void {
  if (content.kind === 'link' || content.kind === 'symlink') {
    symlinkSync(pathBytes(content.target), where);
    made();
  } else if (template !== undefined) {
    const descriptor = openSync(where, 'wx', template.mode);
    made();
    try {
      for (let at = 0; at < template.bytes.length; ) at += writeSync(descriptor, template.bytes, at);
    } finally {
      closeSync(descriptor);
    }
  }
}

/** Removes a file that was provisioned; says nothing where there is none. */
export function removeProvisioned(root: string, path: TreePath): void {
  try {
    unlinkSync(diskPath(root, path));
  } catch (error) {
    if (!isAbsent(error)) throw workspaceErrorFrom(error, `remove "${textFromPath(path)}"`);
  }
}
