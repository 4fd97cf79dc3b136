import {
  isFileName,
  nameBytesMax,
  pathBytes,
  pathBytesMax,
  type TreePath,
  textFromPath,
} from '../tree/path.ts';
import { GitError } from './git-error.ts';

/** What workspaces keep for themselves at the top of a session's files. */
const reservedTopName = '.micelio-session';

/** Characters that the file systems of macOS ignore in names. */
const ignoredOnMac = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/**
 * Throws `git/path-refused` unless `path` may stand in a tree that goes from or to git. What is refused: names that no
 * file can have, names that a file system may take for `.git` (git refuses them too), and `.micelio-session` at the
 * top. The directories above `path` were checked before.
 */
export function checkPath(path: TreePath, name: string): void {
  const reason = reasonAgainst(path, name);
  if (reason === undefined) return;
  throw new GitError('git/path-refused', `"${shortened(path)}" is refused: ${reason}. Rename it first.`);
}

function reasonAgainst(path: TreePath, name: string): string | undefined {
  if (name.length > nameBytesMax) return `its name has ${name.length} bytes, and the most is ${nameBytesMax}`;
  if (path.length > pathBytesMax) return `its path has ${path.length} bytes, and the most is ${pathBytesMax}`;
  if (!isFileName(name)) return 'no file can have this name';
  if (isDotGit(name)) return 'a file system may take this name for ".git"';
  if (path === reservedTopName) return 'Micelio keeps this name for itself';
  return undefined;
}

/**
 * True for `.git` in any case, and for what NTFS (`git~1`, `.git. `, `.git::$INDEX_ALLOCATION`) or HFS+ (`.g<zero-width
 * joiner>it`) read as `.git`.
 */
function isDotGit(name: string): boolean {
  // Nearly every name ends here.
  if (!/^(?:\.|git~1|\xe2|\xef)/i.test(name)) return false;
  if (/^(?:\.git|git~1)[ .]*(?:$|[:\\])/i.test(name)) return true;
  const text = pathBytes(name).toString('utf8').replace(ignoredOnMac, '');
  return text.toLowerCase() === '.git';
}

/** A path that can be far too long, for a message. */
function shortened(path: TreePath): string {
  const text = textFromPath(path);
  return text.length <= 300 ? text : `${text.slice(0, 200)}…${text.slice(-80)}`;
}
