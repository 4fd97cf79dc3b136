import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, deflate, deflateSync } from 'node:zlib';
import { isAbsent } from '../base/system-error.ts';
import { GitError } from './git-error.ts';
import type { ObjectId } from './object-id.ts';
import type { GitObjectType } from './object-reader.ts';

/** An object that is not in its repository yet. */
export interface NewObject {
  readonly id: ObjectId;
  readonly type: GitObjectType;
  readonly bytes: Uint8Array;
}

/** The fast end, as git's own default for loose objects is. */
const compression = { level: constants.Z_BEST_SPEED };
const deflateInPool = promisify<Uint8Array, typeof compression, Buffer>(deflate);
/** Up to this many bytes, handing the work to another thread takes longer than doing it. */
const inlineBytesMax = 64 * 1024;
const attemptsMax = 3;
/** As git's own. */
const objectMode = 0o444;

/** Settings under which git makes loose objects in other ways than it does unless told. */
const settingsOfObjects = /^core\.(?:sharedrepository|fsync.*|createobject)$/;
/** Extensions of a repository that have nothing to do with how its objects are kept. */
const otherExtensions = new Set(
  ['noop', 'preciousobjects', 'objectformat', 'partialclone', 'refstorage', 'worktreeconfig'].map(
    (name) => `extensions.${name}`,
  ),
);

/**
 * Where the loose objects of the repository at `commonDirectory` may be written without running git: undefined where its
 * settings ask for more than git does by itself, such as permissions for a group, or a flush for each. `settings` are the
 * names that are set, as `git config` lists them: at least all that begin with `core.` or `extensions.`.
 */
export function looseObjectsDirectory(
  commonDirectory: string,
  settings: Iterable<string>,
): string | undefined {
  for (const name of settings) {
    if (settingsOfObjects.test(name)) return undefined;
    if (name.startsWith('extensions.') && !otherExtensions.has(name)) return undefined;
  }
  return join(commonDirectory, 'objects');
}

/**
 * Writes objects as git itself does: each in a file of its own that appears whole, flushed by nobody. One that is there
 * already counts as new, so that a clean-up under way does not take it. Throws `git/failed`.
 */
export async function writeLooseObjects(directory: string, objects: readonly NewObject[]): Promise<void> {
  try {
    for (const { id, type, bytes } of objects) {
      const folder = join(directory, id.slice(0, 2));
      const path = join(folder, id.slice(2));
      if (existsSync(path) && madeNew(path)) continue;
      const whole = Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes]);
      const small = whole.length <= inlineBytesMax;
      put(folder, path, small ? deflateSync(whole, compression) : await deflateInPool(whole, compression));
    }
  } catch (cause) {
    throw new GitError(
      'git/failed',
      `An object could not be written below "${directory}": ${cause instanceof Error ? cause.message : String(cause)}. See that there is space, and that you may write there.`,
      { cause },
    );
  }
}

function put(folder: string, path: string, content: Uint8Array): void {
  // Git removes files of such names that were left behind.
  const draft = join(folder, `tmp_obj_${randomBytes(6).toString('hex')}`);
  const file = openIn(folder, draft);
  try {
    try {
      for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** A clean-up that is under way removes folders that are empty, so one may be gone again. */
function openIn(folder: string, draft: string): number {
  for (let attempt = 1; ; attempt++) {
    try {
      return openSync(draft, 'wx', objectMode);
    } catch (error) {
      if (!isAbsent(error) || attempt === attemptsMax) throw error;
      mkdirSync(folder, { recursive: true });
    }
  }
}

/** False for a file that is another user's: then it is written once more, over the same bytes. */
function madeNew(path: string): boolean {
  const now = new Date();
  try {
    utimesSync(path, now, now);
    return true;
  } catch {
    return false;
  }
}
