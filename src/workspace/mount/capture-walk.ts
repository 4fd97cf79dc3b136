import type { Hash } from '../../base/hash.ts';
import type { BlobBatch } from '../../blob/blob-batch.ts';
import type { TreeEdit } from '../../tree/edit.ts';
import { type DirectoryEntry, type Entry, sameEntry } from '../../tree/entry.ts';
import { listDirectory } from '../../tree/lookup.ts';
import { type FileName, joinPath, rootPath, type TreePath } from '../../tree/path.ts';
import type { ChangedDirectories } from '../../vfs/changed-directories.ts';
import { type Inode, rootInode } from '../../vfs/inode.ts';
import { everChanged } from '../../vfs/recording/changes.ts';
import { type Child, childrenOf } from '../../vfs/recording/children.ts';
import { resident } from '../../vfs/resident.ts';
import type { Volume } from '../../vfs/volume.ts';
import { IgnoreRules, ignoreFileName } from '../ignore-rules.ts';
import { isLeftBehindKind } from '../left-behind.ts';
import { keptPermissions } from '../permissions.ts';
import type { ProjectContent } from '../project-content.ts';
import { classify, type DirectoryItem } from '../walk.ts';
import type { CaptureMemory } from './capture-memory.ts';
import { ContentReader } from './content-reader.ts';

/** A directory that is looked at. */
interface Visit {
  readonly path: TreePath;
  readonly inode: Inode;
  /** Those of the directories above. */
  readonly rules: IgnoreRules;
  readonly extent: 'something' | 'everything';
  /** What the recorded tree has in it; null where it does not have the directory. */
  readonly recorded: ReadonlyMap<FileName, Entry> | null;
}

/** What a capture looks at, and what it remembers. */
interface CaptureContext {
  readonly volume: Volume;
  readonly content: ProjectContent;
  readonly batch: BlobBatch;
  readonly changes: ChangedDirectories;
  readonly memory: CaptureMemory;
  /** The tree that was recorded last. */
  readonly recorded: Hash;
}

/** Finds what makes the new tree of the recorded one. */
export class CaptureWalk {
  readonly #volume: Volume;
  readonly #content: ProjectContent;
  readonly #changes: ChangedDirectories;
  readonly #memory: CaptureMemory;
  readonly #recorded: Hash;
  readonly #reader: ContentReader;
  readonly #edits = new Map<TreePath, Entry | undefined>();
  #everChanged: ChangedDirectories | undefined;

  constructor({ volume, content, batch, changes, memory, recorded }: CaptureContext) {
    this.#volume = volume;
    this.#content = content;
    this.#changes = changes;
    this.#memory = memory;
    this.#recorded = recorded;
    this.#reader = new ContentReader(volume, batch);
  }

  edits(): TreeEdit[] {
    return Array.from(this.#edits, ([path, entry]) => ({ path, entry }));
  }

  /** Tells the file system which contents the store has now. */
  markRecorded(): void {
    this.#reader.markRecorded();
  }

  /** Looks at all that changed; false when there was nothing to look at. */
  async run(): Promise<boolean> {
    const extent = this.#changes.extent(rootInode);
    if (extent === 'nothing') return false;
    const inode = await resident(() => this.#volume.inode(rootInode));
    const recorded = await this.#recordedIn(rootPath);
    await this.#visit({ path: rootPath, inode, rules: IgnoreRules.none, extent, recorded });
    return true;
  }

  /** Looks at a directory; true when something in it is kept, or it is empty. */
  async #visit(visit: Visit): Promise<boolean> {
    const { path, inode, recorded } = visit;
    const children = await childrenOf(this.#volume, inode);
    const ignoring = children.find(({ name }) => name === ignoreFileName);
    const extent = (await this.#rulesChanged(visit, ignoring?.inode)) ? 'everything' : visit.extent;
    this.#memory.forgetIn(path, directoriesAmong(children));
    const rules = await this.#rulesWithin(visit.rules, path, ignoring?.inode);
    const inside = { ...visit, extent, rules };

    let keeps = false;
    const gone = new Map(recorded);
    for (const child of children) {
      const before = recorded?.get(child.name);
      const isKept = await this.#look(inside, child, before);
      // A directory that is not kept is taken out of the tree when the one around it has been looked at.
      if (isKept) gone.delete(child.name);
      keeps ||= isKept;
    }
    for (const [name, before] of gone) await this.#remove(joinPath(path, name), before);
    return keeps || children.length === 0 || (recorded !== null && recorded.size === 0);
  }

  /** Looks at one name; true when it is kept. */
  async #look(visit: Visit, child: Child, before: Entry | undefined): Promise<boolean> {
    const path = joinPath(visit.path, child.name);
    if (child.inode.type === 'directory') return this.#lookAtDirectory(visit, path, child, before);
    const isContent = child.inode.type === 'file' || child.inode.type === 'symlink';
    const stays = isContent && (before?.type === 'file' || before?.type === 'symlink');
    if (!stays) {
      const kind = classify(visit.path, itemOf(child), visit.rules, () => false)?.kind;
      if (kind === 'ignored-rules') this.#memory.addUnseenRules(visit.path);
      if (kind !== undefined && isLeftBehindKind(kind)) this.#memory.addLeftBehind(path, kind);
      if (kind !== 'file' && kind !== 'symlink') return false;
    }
    const entry = await this.#reader.entry(path, child.inode, before);
    if (entry === undefined) return false;
    if (before !== undefined && before.type === 'directory') await this.#remove(path, before);
    if (!sameEntry(before, entry)) this.#edits.set(path, entry);
    return true;
  }

  async #lookAtDirectory(
    visit: Visit,
    path: TreePath,
    { name, inode }: Child,
    before: Entry | undefined,
  ): Promise<boolean> {
    if (before?.type === 'gitlink') return true;
    const isRecorded = before?.type === 'directory';
    if (!isRecorded) {
      const isRepository = await this.#holdsRepository(inode);
      const kind = classify(visit.path, itemOf({ name, inode }), visit.rules, () => isRepository)?.kind;
      if (kind !== 'directory') {
        this.#memory.forgetBelow(path);
        if (kind !== undefined && isLeftBehindKind(kind)) this.#memory.addLeftBehind(path, kind);
        return false;
      }
    }
    if (!(await this.#keepsContent(visit, path, inode, isRecorded))) return false;
    const entry = directoryEntry(inode, before);
    if (before !== undefined && !isRecorded) await this.#remove(path, before);
    if (!sameEntry(before, entry)) this.#edits.set(path, entry);
    return true;
  }

  /** Looks into a directory where something may have changed; whether it is kept. */
  async #keepsContent(visit: Visit, path: TreePath, inode: Inode, isRecorded: boolean): Promise<boolean> {
    const extent = visit.extent === 'everything' ? 'everything' : this.#changes.extent(inode.inode);
    if (extent === 'nothing') return isRecorded;
    if (isRecorded && (await this.#isBase(path, inode))) return true;
    const recorded = isRecorded ? await this.#recordedIn(path) : null;
    return this.#visit({ path, inode, rules: visit.rules, extent, recorded });
  }

  /** Whether a directory is, with all below, what the base tree has at its path: then nothing can have changed in it. */
  async #isBase(path: TreePath, { inode, origin }: Inode): Promise<boolean> {
    if (origin !== path) return false;
    this.#everChanged ??= await everChanged(this.#volume);
    return this.#everChanged.extent(inode) === 'nothing' && this.#changes.extent(inode) === 'nothing';
  }

  /** Whether other names may be ignored in and below a directory than when it was recorded. */
  async #rulesChanged({ path, recorded }: Visit, rules: Inode | undefined): Promise<boolean> {
    const before = recorded?.get(ignoreFileName as FileName);
    if (this.#memory.hasUnseenRules(path)) return true;
    if (rules?.type !== 'file') return before?.type === 'file';
    if (before?.type !== 'file') return true;
    return !sameEntry(before, await this.#reader.entry(path, rules, before));
  }

  async #rulesWithin(above: IgnoreRules, path: TreePath, rules: Inode | undefined): Promise<IgnoreRules> {
    if (rules?.type !== 'file') return above;
    return above.with(path, (await this.#reader.bytes(rules)).toString('latin1'));
  }

  async #holdsRepository(directory: Inode): Promise<boolean> {
    return (await resident(() => this.#volume.find(directory, '.git'))) !== undefined;
  }

  async #recordedIn(path: TreePath): Promise<Map<FileName, Entry>> {
    const entries = new Map<FileName, Entry>();
    for await (const { name, entry } of listDirectory(this.#content.nodes, this.#recorded, path)) {
      entries.set(name, entry);
    }
    return entries;
  }

  /** Takes an entry of the recorded tree out, with all below. */
  async #remove(path: TreePath, before: Entry): Promise<void> {
    this.#edits.set(path, undefined);
    if (before.type !== 'directory') return;
    this.#memory.forgetBelow(path);
    for await (const { name, entry } of listDirectory(this.#content.nodes, this.#recorded, path)) {
      await this.#remove(joinPath(path, name), entry);
    }
  }
}

function directoryEntry(inode: Inode, before: Entry | undefined): DirectoryEntry {
  const isSame = before?.type === 'directory' && before.mode === (inode.mode & 0o777);
  return { type: 'directory', mode: isSame ? before.mode : keptPermissions(inode.mode) };
}

function directoriesAmong(children: readonly Child[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name, inode } of children) if (inode.type === 'directory') names.add(name);
  return names;
}

/** A file in the shape of an item of a listing. */
function itemOf({ name, inode }: Child): DirectoryItem {
  return {
    name,
    isDirectory: () => inode.type === 'directory',
    isFile: () => inode.type === 'file',
    isSymbolicLink: () => inode.type === 'symlink',
    isFIFO: () => inode.type === 'fifo',
    isSocket: () => inode.type === 'socket',
  };
}
