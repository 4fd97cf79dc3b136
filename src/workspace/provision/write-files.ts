import {
  closeSync,
  fstatSync,
  lstatSync,
  type MakeDirectoryOptions,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isAbsent } from '../../base/system-error.ts';
import { parentPath, pathBytes, type TreePath, textFromPath } from '../../tree/path.ts';
import { hasRealParents } from '../checkout/safe-removal.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { FileCopier } from './copy-file.ts';
import type { Places, WantedContent } from './layout.ts';
import { ProvisionError } from './provision-error.ts';
import { stagingName } from './provision-path.ts';

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
  readonly #copier = new FileCopier();
  /** The directory that something was made in last, which was looked at then. */
  #checked: TreePath | undefined;

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

  /** Makes a file or symlink where there is none, and returns the status that it was left with. */
  async create(path: TreePath, content: WantedContent, template: TemplateFile | undefined): Promise<Stats> {
    this.#checkParents(path);
    const where = diskPath(this.#places.to, path);
    // Only what was made here is taken back, not what somebody else has made under this name in the meantime.
    const made = (): void => {
      this.#undo.push(() => unlinkSync(where));
    };
    if (content.kind !== 'copy') return makeSmall(where, content, template, made);
    const { source, status } = content;
    return this.#copier.copy({ source: diskPath(this.#places.from, source), status, where, made });
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

  /** Looks once at the directories above what is made one after the other in the same place. */
  #checkParents(path: TreePath): void {
    const directory = parentPath(path);
    if (directory === this.#checked) return;
    if (hasRealParents(this.#places.to, path)) {
      this.#checked = directory;
      return;
    }
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
  content: Exclude<WantedContent, { readonly kind: 'copy' }>,
  template: TemplateFile | undefined,
  made: () => void,
): Stats {
  if (content.kind === 'link' || content.kind === 'symlink') {
    symlinkSync(pathBytes(content.target), where);
    made();
    return lstatSync(where);
  }
  if (template === undefined) throw new Error(`Nothing is known to write for a ${content.kind}.`);
  const descriptor = openSync(where, 'wx', template.mode);
  made();
  try {
    for (let at = 0; at < template.bytes.length; ) at += writeSync(descriptor, template.bytes, at);
    return fstatSync(descriptor);
  } finally {
    closeSync(descriptor);
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
