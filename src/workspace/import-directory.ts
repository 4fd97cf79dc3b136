import { resolve } from 'node:path';
import type { Hash } from '../base/hash.ts';
import type { BlobBatch } from '../blob/blob-batch.ts';
import { TreeBuilder } from '../tree/build.ts';
import type { Entry } from '../tree/entry.ts';
import type { NodeStore } from '../tree/node-store.ts';
import type { TreePath } from '../tree/path.ts';
import { RememberingSink } from '../tree/remembering-sink.ts';
import { EntryReader } from './entry-reader.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { type LeftBehind, leftBehind } from './left-behind.ts';
import type { ProjectContent } from './project-content.ts';
import { type Found, type FoundDirectory, walk } from './walk.ts';

export interface ImportOptions {
  /** Takes in what `.gitignore` files exclude too. */
  readonly all?: boolean;
  /** Told from time to time, and once at the end. */
  readonly onProgress?: (progress: ImportProgress) => void;
}

export interface ImportProgress {
  /** Files and symlinks read so far, and in all. */
  readonly files: number;
  readonly filesTotal: number;
  /** Bytes read so far. */
  readonly bytes: number;
}

export interface DirectoryImport {
  /** The root of the tree. */
  readonly tree: Hash;
  readonly files: number;
  readonly symlinks: number;
  readonly directories: number;
  /** Bytes of all files and symlinks. */
  readonly bytes: number;
  /** Bytes of those objects that the store did not have. */
  readonly newBytes: number;
  readonly leftBehind: readonly LeftBehind[];
}

const filesPerReport = 256;

/**
 * Records the files below a directory as a tree in the store. When it ends, all of it is durable.
 *
 * Symlinks are kept as links and never followed; each name of a file with several is a file of its own; a directory is
 * kept when something in it is, or when it is empty. `.git` directories, FIFOs, sockets and devices are left behind.
 * Throws `workspace/unreadable` and `workspace/unsteady`, naming the file, and what the store throws.
 */
export async function importDirectory(
  content: ProjectContent,
  directory: string,
  options: ImportOptions = {},
): Promise<DirectoryImport> {
  const root = resolve(directory);
  const directories = listDirectories(root, options.all !== true);
  const batch = await content.blobs.openBatch();
  const importer = new Importer(root, content.nodes, batch, directories, options.onProgress);
  return importer.run();
}

/** Every directory below `root`, in the order in which a tree has them. */
function listDirectories(root: string, ignoring: boolean): FoundDirectory[] {
  const directories: FoundDirectory[] = [];
  walk({ root, ignoring, nestedRepositories: 'walk' }, '' as TreePath, IgnoreRules.none, (found) => {
    directories.push(found);
  });
  return directories.sort((a, b) => (a.path < b.path ? -1 : 1));
}

class Importer {
  readonly #batch: BlobBatch;
  readonly #reader: EntryReader;
  readonly #sink: RememberingSink;
  readonly #builder: TreeBuilder;
  readonly #directories: readonly FoundDirectory[];
  readonly #modes = new Map<TreePath, number>();
  readonly #onProgress: ((progress: ImportProgress) => void) | undefined;
  readonly #leftBehind: LeftBehind[] = [];
  readonly #filesTotal: number;
  readonly #counts = { files: 0, symlinks: 0, directories: 0, bytes: 0 };

  constructor(
    root: string,
    nodes: NodeStore,
    batch: BlobBatch,
    directories: readonly FoundDirectory[],
    onProgress: ImportOptions['onProgress'],
  ) {
    this.#batch = batch;
    this.#reader = new EntryReader(root, batch);
    this.#sink = new RememberingSink(nodes, batch);
    this.#builder = new TreeBuilder(this.#sink);
    this.#directories = directories;
    this.#onProgress = onProgress;
    let filesTotal = 0;
    for (const { path, mode, found } of directories) {
      this.#modes.set(path, mode);
      for (const { kind } of found) if (kind === 'file' || kind === 'symlink') filesTotal++;
    }
    this.#filesTotal = filesTotal;
  }

  async run(): Promise<DirectoryImport> {
    for (const directory of this.#directories) {
      for (const item of directory.found) {
        const adding = this.#take(item);
        if (adding !== undefined) await adding;
        const busy = this.#batch.backpressure();
        if (busy !== undefined) await busy;
      }
    }
    const tree = this.#builder.finish();
    await this.#batch.flush();
    this.#sink.remember();
    this.#report();
    return { tree, ...this.#counts, newBytes: this.#batch.newBytes, leftBehind: this.#leftBehind };
  }

  #take(item: Found): Promise<void> | undefined {
    switch (item.kind) {
      case 'directory':
        this.#counts.directories++;
        this.#builder.add(item.path, { type: 'directory', mode: this.#modes.get(item.path)! });
        return undefined;
      case 'file':
      case 'symlink': {
        const reading = this.#reader.read(item.path, item.kind);
        if (reading instanceof Promise) return reading.then((read) => this.#add(item, read?.entry));
        this.#add(item, reading?.entry);
        return undefined;
      }
      case 'unkept-directory':
      case 'ignored-rules':
        return undefined;
      default:
        this.#leftBehind.push(leftBehind(item.path, item.kind));
        return undefined;
    }
  }

  /** Adds what was read; what has gone since the directories were listed is left out. */
  #add({ path }: Found, entry: Entry | undefined): void {
    if (entry === undefined || (entry.type !== 'file' && entry.type !== 'symlink')) return;
    if (entry.type === 'file') this.#counts.files++;
    else this.#counts.symlinks++;
    this.#counts.bytes += entry.size;
    this.#builder.add(path, entry);
    if ((this.#counts.files + this.#counts.symlinks) % filesPerReport === 0) this.#report();
  }

  #report(): void {
    const { files, symlinks, bytes } = this.#counts;
    this.#onProgress?.({ files: files + symlinks, filesTotal: this.#filesTotal, bytes });
  }
}
