import { readdirSync, realpathSync, type Stats } from 'node:fs';
import { hasCode } from '../../base/error.ts';
import { isAbsent } from '../../base/system-error.ts';
import type { Git } from '../../git/git-process.ts';
import { ancestorsOf, isTreePath, type TreePath, textFromPath } from '../../tree/path.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import { categoryOf } from '../provision/file-categories.ts';
import { hasKnownContent, isUntouched, realStatus } from '../provision/plan.ts';
import { isReserved } from '../provision/provision-path.ts';
import { type ProvisionRecord, readRecord, recordPlace } from '../provision/record.ts';
import { unreadable, WorkspaceError } from '../workspace-error.ts';
import { argumentFor, hasOwnWork, type InnerRepositories, innerRepositories } from './inner-repositories.ts';
import { findPassedOver } from './passed-over.ts';
import { sessionEnvironmentName } from './session-environment.ts';
import { submodulesOf } from './submodules.ts';
import type { GitWorkspace } from './workspace-record.ts';

/** Most files and bytes that are set aside of one workspace. */
const asideFilesMax = 10_000;
export const asideBytesMax = 1024 ** 3;
/** How many of the largest are named where there are more. */
const namedMax = 5;

/** What is to become of the files that git ignores: `drop` deletes them all. */
export type IgnoredChoice = 'keep' | 'drop';

/**
 * Why files go with their workspace: by their names they can be made again; they were rendered with secrets, and edited;
 * whoever removes the workspace has said so; or they are FIFOs, sockets and devices, which have no content.
 */
export type GoneReason = 'dependencies' | 'build' | 'secret' | 'dropped' | 'special';

/** A file, or a directory with all in it, that goes with its workspace. */
export interface GoneFiles {
  readonly path: TreePath;
  readonly kind: 'file' | 'directory';
  readonly reason: GoneReason;
  readonly files: number;
  readonly bytes: number;
}

/** What git does not keep of a workspace, and what becomes of it. What was provisioned and not edited is in neither list. */
export interface UnkeptFiles {
  /** Files, symlinks and empty directories that somebody may miss. */
  readonly keep: readonly TreePath[];
  readonly gone: readonly GoneFiles[];
}

/**
 * Looks for what would vanish with a workspace although its commits, and what is untracked in it, are kept: files that git
 * ignores, in submodules too; files that were provisioned, which must not come into git even where nothing ignores them any
 * more; repositories of their own; empty directories. Changes nothing. Throws `workspace/cannot-keep` where there is more
 * than is set aside, and for a submodule with changes, and `workspace/unreadable`.
 */
export async function surveyUnkept(workspace: GitWorkspace, choice: IgnoredChoice): Promise<UnkeptFiles> {
  const directory = realpathSync(workspace.directory);
  const { git } = workspace.repository;
  const passed = findPassedOver(directory);
  const inner = await innerRepositories(workspace, passed.repositories);
  const ignored = new Set(await ignoredIn(workspace, inner));
  const record = readRecord(recordPlace(directory));
  const survey = new Survey(directory, record, choice);
  // First: a directory of dependencies that has one inside goes without it.
  for (const path of [...inner.whole, ...inner.gitOnly]) {
    const isIgnored = [...ancestorsOf(path), path].some((above) => ignored.has(above));
    if (isIgnored && (choice === 'drop' || !(await hasOwnWork(git, directory, path)))) continue;
    survey.keepAll(path, new Set(await ignoredBelow(git, directory, path)));
  }
  for (const path of ignored) survey.look(path);
  // What was provisioned and is not ignored any more: git knows nothing of it.
  for (const { path } of record?.files ?? []) survey.look(path);
  for (const path of passed.special) survey.look(path);
  const leftEmpty = new Set((await submodulesOf(workspace.repository, directory)).map(({ path }) => path));
  for (const path of passed.emptyDirectories) if (!leftEmpty.has(textFromPath(path))) survey.look(path);
  return survey.result(workspace);
}

/** What git ignores, a directory as one, in the workspace and in its submodules. */
async function ignoredIn(workspace: GitWorkspace, inner: InnerRepositories): Promise<TreePath[]> {
  const { directory, record, repository } = workspace;
  const lines = await statusOf(repository.git, directory);
  // The third field of a change says of a submodule S, and M or U where its own files have changes.
  const changed = lines
    .filter((line) => /^[12u] \S+ S(?:.[^.]|..[^.])/.test(line))
    .map(
      (line) =>
        line
          .split(' ')
          .slice(line.startsWith('u') ? 10 : 8)
          .join(' ') as TreePath,
    )
    .find((path) => !inner.whole.includes(path));
  if (changed !== undefined) {
    throw new WorkspaceError(
      'workspace/cannot-keep',
      `The submodule "${textFromPath(changed)}" of the workspace of ${record.slug} has changes of its own that are not committed, which cannot be kept here. Commit and push them in the submodule, or move them away; then do it again.`,
    );
  }
  const ofSubmodules = await Promise.all(
    inner.submodules.map((path) => ignoredBelow(repository.git, directory, path)),
  );
  return [...ignoredAmong(lines), ...ofSubmodules.flat()];
}

/** What a repository inside of the workspace ignores; nothing where git cannot use it. */
async function ignoredBelow(git: Git, directory: string, path: TreePath): Promise<TreePath[]> {
  const place = argumentFor(directory, path);
  if (place === undefined || path.endsWith('/.git')) return [];
  const lines = await statusOf(git, place).catch((error: unknown) => {
    if (hasCode(error, 'git/failed')) return [];
    throw error;
  });
  return ignoredAmong(lines).map((below) => `${path}/${below}` as TreePath);
}

async function statusOf(git: Git, directory: string): Promise<string[]> {
  // A repository may name a program there, which is not to run because somebody removes a workspace.
  const args = ['-C', directory, '-c', 'core.fsmonitor=false', 'status', '--porcelain=v2', '-z'];
  const more = ['--no-renames', '--untracked-files=normal', '--ignored=matching', '--ignore-submodules=none'];
  return (await git.run([...args, ...more])).toString('latin1').split('\0');
}

function ignoredAmong(lines: readonly string[]): TreePath[] {
  return lines
    .filter((line) => line.startsWith('! '))
    .map((line) => line.slice(2).replace(/\/$/, ''))
    .filter(isTreePath);
}

class Survey {
  readonly #directory: string;
  readonly #record: ProvisionRecord | undefined;
  readonly #choice: IgnoredChoice;
  readonly #made: ReadonlyMap<
    TreePath,
    ProvisionRecord['files'][number] | ProvisionRecord['pending'][number]
  >;
  readonly #keep = new Map<TreePath, number>();
  readonly #gone = new Map<TreePath, GoneFiles>();
  /** Repositories that are kept with all that is in them. */
  readonly #whole = new Set<TreePath>();

  constructor(directory: string, record: ProvisionRecord | undefined, choice: IgnoredChoice) {
    this.#directory = directory;
    this.#record = record;
    this.#choice = choice;
    const made = [...(record?.pending ?? []), ...(record?.files ?? [])];
    this.#made = new Map(made.map((making) => [making.path, making]));
  }

  look(path: TreePath): void {
    if (path === sessionEnvironmentName || isReservedRoot(path)) return;
    const status = realStatus(this.#directory, path);
    if (status === undefined || this.#isCounted(path)) return;
    const kind = status.isDirectory() ? 'directory' : 'file';
    const reason = this.#reasonToGo(path, kind);
    if (reason !== undefined) {
      this.#gone.set(path, { path, kind, reason, ...this.#measure(path, status) });
    } else if (path.endsWith('/.git')) {
      // A branch may be called as build output is.
      this.keepAll(path, new Set());
    } else if (kind === 'directory' && this.#names(path).length > 0) {
      for (const name of this.#names(path)) this.look(`${path}/${name}` as TreePath);
    } else if (!this.#isAsProvisioned(path, status)) {
      this.#take(path, status);
    }
  }

  #take(path: TreePath, status: Stats): void {
    if (status.isFile() || status.isSymbolicLink()) this.#keep.set(path, status.size);
    else if (status.isDirectory()) this.#keep.set(path, 0);
    else this.#gone.set(path, { path, kind: 'file', reason: 'special', files: 1, bytes: 0 });
  }

  /** Keeps a repository with all that is in it, but for what it ignores itself: of that, what anybody may miss. */
  keepAll(path: TreePath, ignored: ReadonlySet<TreePath>): void {
    this.#whole.add(path);
    this.#keepBelow(path, ignored);
  }

  #keepBelow(path: TreePath, ignored: ReadonlySet<TreePath>): void {
    if (ignored.has(path)) {
      this.look(path);
      return;
    }
    const status = diskStatus(this.#directory, path);
    if (status === undefined) return;
    const names = status.isDirectory() ? this.#names(path) : [];
    if (names.length === 0) this.#take(path, status);
    for (const name of names) this.#keepBelow(`${path}/${name}` as TreePath, ignored);
  }

  result({ record: { slug } }: GitWorkspace): UnkeptFiles {
    const keep = Array.from(this.#keep.keys()).sort();
    const gone = Array.from(this.#gone.values()).sort((a, b) => (a.path < b.path ? -1 : 1));
    const bytes = Array.from(this.#keep.values()).reduce((sum, size) => sum + size, 0);
    if (keep.length <= asideFilesMax && bytes <= asideBytesMax) return { keep, gone };
    throw new WorkspaceError(
      'workspace/cannot-keep',
      `The workspace of ${slug} has ${keep.length} files with ${bytes} bytes that git ignores or that are a repository of their own, and stays: at most ${asideFilesMax} files and ${asideBytesMax} bytes are kept when one is removed. Move away what is to stay, or delete it; or delete all that git ignores there with "mic session remove ${slug} --drop-ignored". The most is in ${this.#largest()}`,
    );
  }

  #isCounted(path: TreePath): boolean {
    return (
      this.#keep.has(path) ||
      this.#whole.has(path) ||
      [...ancestorsOf(path), path].some((above) => this.#gone.has(above))
    );
  }

  #reasonToGo(path: TreePath, kind: 'directory' | 'file'): GoneReason | undefined {
    const making = this.#made.get(path);
    // Where a provisioned file has no edits, it is passed over below.
    if (making !== undefined && kind === 'file') {
      const status = realStatus(this.#directory, path);
      if (status === undefined || this.#isAsProvisioned(path, status)) return undefined;
      if (making.secret === true) return 'secret';
      return this.#choice === 'drop' ? 'dropped' : undefined;
    }
    const name = path.slice(path.lastIndexOf('/') + 1);
    return regenerable(name, kind) ?? (this.#choice === 'drop' ? 'dropped' : undefined);
  }

  #isAsProvisioned(path: TreePath, status: Stats): boolean {
    const making = this.#made.get(path);
    if (making === undefined || this.#record === undefined) return false;
    const places = { from: this.#record.from, to: this.#directory };
    return 'ctimeMs' in making
      ? isUntouched(places, making, status)
      : hasKnownContent(places, making, status);
  }

  #measure(path: TreePath, status: Stats): { readonly files: number; readonly bytes: number } {
    if (!status.isDirectory()) return { files: 1, bytes: status.size };
    let [files, bytes] = [0, 0];
    for (const name of this.#names(path)) {
      const below = `${path}/${name}` as TreePath;
      if (this.#keep.has(below)) continue;
      const of = diskStatus(this.#directory, below);
      if (of === undefined) continue;
      const sum = this.#measure(below, of);
      files += sum.files;
      bytes += sum.bytes;
    }
    return { files, bytes };
  }

  #names(path: TreePath): string[] {
    try {
      return readdirSync(diskPath(this.#directory, path), 'latin1');
    } catch (error) {
      if (isAbsent(error)) return [];
      throw unreadable(path, error);
    }
  }

  #largest(): string {
    const sums = new Map<string, number>();
    for (const [path, bytes] of this.#keep) {
      const [root = ''] = path.split('/');
      sums.set(root, (sums.get(root) ?? 0) + bytes);
    }
    const largest = [...sums].sort(([, a], [, b]) => b - a).slice(0, namedMax);
    return largest.map(([root, bytes]) => `"${textFromPath(root)}" (${bytes} bytes)`).join(', ');
  }
}

/** What can be made again, by its name. Of names that people give to what they want to see again, nothing is concluded. */
function regenerable(name: string, kind: 'directory' | 'file'): 'dependencies' | 'build' | undefined {
  if (/^(?:tmp|temp|logs?|out|bin)$|\.(?:log|tmp)$/i.test(name)) return undefined;
  // Files that are called "build" or "target" are anything.
  if (kind === 'file' && !name.includes('.')) return undefined;
  const category = categoryOf(name, kind);
  return category === 'dependencies' || category === 'build' ? category : undefined;
}

/** A repository inside of what is ignored is kept with its `.git`; the workspace's own is not part of its files. */
function isReservedRoot(path: TreePath): boolean {
  return isReserved(path.split('/')[0]!);
}
