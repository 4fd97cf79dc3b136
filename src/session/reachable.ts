import type { Hash } from '../base/hash.ts';
import { HashSet } from '../base/hash-set.ts';
import { type FileContent, objectsOfFile, wholeFileBytesMax } from '../blob/file.ts';
import type { NeededObjects } from '../blob/needed-objects.ts';
import type { NodeSource } from '../tree/node-store.ts';
import { type TreePath, textFromPath } from '../tree/path.ts';
import { walkUnseen } from '../tree/walk-nodes.ts';
import type { ProjectContext } from './project.ts';
import { projectRoots } from './roots.ts';
import type { SessionId } from './session-id.ts';

/** Something that is needed and cannot be read. */
export interface Damage {
  readonly hash: Hash;
  /** What needs it, for people. */
  readonly of: string;
  readonly cause: unknown;
}

export interface Reachable extends NeededObjects {
  readonly damage: readonly Damage[];
  readonly trees: number;
  readonly entries: number;
}

export interface ReachOptions {
  /** Sessions that are on their way out, and keep nothing. */
  readonly without?: ReadonlySet<SessionId>;
  /** Where the nodes of trees are read from; the project's own, where it is left out. */
  readonly nodes?: NodeSource;
  /** Told of each blob that holds a whole small file, once; where it throws, the blob counts as damaged. */
  readonly readBlob?: (hash: Hash) => Promise<void>;
}

/**
 * Walks everything that the project's head, landings and sessions need. What trees share is read once, so each further
 * tree costs its difference. Nodes and manifests are read, other blobs are not.
 */
export async function findReachable(
  project: ProjectContext,
  { without = new Set(), nodes = project.nodes, readBlob = async () => {} }: ReachOptions = {},
): Promise<Reachable> {
  return new Walk(project, nodes, readBlob).run(without);
}

class Walk {
  readonly #project: ProjectContext;
  readonly #source: NodeSource;
  readonly #readBlob: (hash: Hash) => Promise<void>;
  // Told apart, because the bytes of a node or of a manifest may well be those of some file: what was met as one of
  // them has not been followed as the other.
  readonly #nodes = new HashSet();
  readonly #blobs = new HashSet();
  readonly #manifests = new HashSet();
  readonly #roots = new HashSet();
  readonly #damage: Damage[] = [];
  #entries = 0;

  constructor(project: ProjectContext, nodes: NodeSource, readBlob: (hash: Hash) => Promise<void>) {
    this.#project = project;
    this.#source = nodes;
    this.#readBlob = readBlob;
  }

  async run(without: ReadonlySet<SessionId>): Promise<Reachable> {
    const asOfMs = this.#project.clock.now();
    for await (const { kind, hash, of } of projectRoots(this.#project, without)) {
      if (kind === 'blob') await this.#visit(hash, of);
      else if (this.#roots.add(Buffer.from(hash, 'hex'))) await this.#walkTree(hash, of);
    }
    return {
      asOfMs,
      nodes: this.#nodes,
      blobs: this.#blobs,
      damage: this.#damage,
      trees: this.#roots.size,
      entries: this.#entries,
    };
  }

  async #walkTree(root: Hash, of: string): Promise<void> {
    for await (const found of walkUnseen(this.#source, root, this.#nodes)) {
      if (found.found === 'damage') {
        this.#damage.push({ hash: found.node, of, cause: found.cause });
        continue;
      }
      this.#entries++;
      const { entry, path } = found;
      if (entry.type === 'file' || entry.type === 'symlink') await this.#visitFile(entry, path, of);
    }
  }

  async #visitFile(file: FileContent, path: TreePath, of: string): Promise<void> {
    const raw = Buffer.from(file.hash, 'hex');
    const isNew = file.size > wholeFileBytesMax ? this.#manifests.add(raw) : !this.#blobs.has(raw);
    if (!isNew) return;
    const place = `"${textFromPath(path)}" in ${of}`;
    try {
      for await (const hash of objectsOfFile(this.#project.blobs, file)) await this.#visit(hash, place);
    } catch (cause) {
      this.#damage.push({ hash: file.hash, of: place, cause });
    }
  }

  async #visit(hash: Hash, of: string): Promise<void> {
    if (!this.#blobs.add(Buffer.from(hash, 'hex'))) return;
    await this.#readBlob(hash).catch((cause: unknown) => this.#damage.push({ hash, of, cause }));
  }
}
