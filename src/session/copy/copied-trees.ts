import { MicelioError } from '../../base/error.ts';
import type { Hash } from '../../base/hash.ts';
import { HashSet } from '../../base/hash-set.ts';
import {
  condemnedPacks,
  copyPacks,
  type NamedObject,
  type PacksCopied,
  writeObjects,
} from '../../blob/copy-packs.ts';
import { objectsOfFile } from '../../blob/file.ts';
import type { ObjectKind } from '../../blob/layout.ts';
import { requireYoung } from '../../blob/written-nodes.ts';
import type { NodeSource } from '../../tree/node-store.ts';
import { walkUnseen } from '../../tree/walk-nodes.ts';
import type { ProjectContext } from '../project.ts';
import type { Root } from '../roots.ts';
import { SessionError } from '../session-error.ts';

/** What is known to be in the other store is only sure to stay for so long, in ms (`docs/formats/packs.md`). */
const knownMsMax = 6 * 60 * 60 * 1000;
/** Objects that are missing are brought once there are so many of them. */
const lackingMax = 10_000;

/** Between which projects trees are copied, and from which of the two nodes are read that both have. */
export interface CopiedProjects {
  readonly from: ProjectContext;
  readonly to: ProjectContext;
  readonly near: 'from' | 'to';
}

interface Lack {
  readonly kind: ObjectKind;
  /** What needs it, for people. */
  readonly of: string;
}

/** Sees to it that everything that documents name is in the other project before the documents are. */
export class CopiedTrees {
  readonly #projects: CopiedProjects;
  readonly #onPacks: (copied: PacksCopied) => void;
  #seen = new HashSet();
  #sinceMs = Number.NEGATIVE_INFINITY;
  #condemned: ReadonlySet<Hash> = new Set();
  readonly #lacking = new Map<Hash, Lack>();
  /** Objects that were copied one by one. */
  objects = 0;
  /** Bytes of these, uncompressed. */
  bytes = 0;

  /** `onPacks` is told what was copied in whole packs. */
  constructor(projects: CopiedProjects, onPacks: (copied: PacksCopied) => void) {
    this.#projects = projects;
    this.#onPacks = onPacks;
  }

  /**
   * Walks `roots` and copies what of them is missing. Documents that name them can be stored within the next hours.
   * Throws `project/damaged` where the first project lacks something itself, and `blob/too-slow`.
   */
  async require(roots: Iterable<Root>): Promise<void> {
    try {
      await this.#forgetWhatIsOld();
      for (const { kind, hash, of } of roots) {
        if (kind === 'blob') this.#need(hash, { kind, of });
        else await this.#walk(hash, of);
      }
      await this.#bring();
      requireYoung(this.#sinceMs, this.#projects.to.clock);
    } catch (error) {
      // What was seen may not have arrived.
      this.#sinceMs = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }

  async #forgetWhatIsOld(): Promise<void> {
    const now = this.#projects.to.clock.now();
    if (now - this.#sinceMs < knownMsMax) return;
    const { blobs } = this.#projects.to;
    this.#seen = new HashSet();
    this.#lacking.clear();
    await blobs.indexes.refresh();
    this.#condemned = await condemnedPacks(blobs);
    this.#sinceMs = now;
  }

  async #walk(root: Hash, of: string): Promise<void> {
    const { from } = this.#projects;
    const nodes: NodeSource = { node: (hash) => this.#nodesWith(hash, of).node(hash) };
    for await (const found of walkUnseen(nodes, root, this.#seen)) {
      if (found.found === 'damage') throw damaged(from, found.node, of, found.cause);
      const { entry } = found;
      if (entry.type !== 'file' && entry.type !== 'symlink') continue;
      if (this.#seen.has(Buffer.from(entry.hash, 'hex'))) continue;
      for await (const hash of objectsOfFile(from.blobs, entry)) {
        if (this.#seen.add(Buffer.from(hash, 'hex'))) this.#need(hash, { kind: 'blob', of });
      }
      if (this.#lacking.size >= lackingMax) await this.#bring();
    }
  }

  #nodesWith(hash: Hash, of: string): NodeSource {
    const { from, to, near } = this.#projects;
    return this.#need(hash, { kind: 'node', of }) === 'there' && near === 'to' ? to.nodes : from.nodes;
  }

  #need(hash: Hash, lack: Lack): 'there' | 'lacking' {
    if (this.#has(hash)) return 'there';
    this.#lacking.set(hash, lack);
    return 'lacking';
  }

  #has(hash: Hash): boolean {
    const { indexes } = this.#projects.to.blobs;
    return indexes.lookupOutside(Buffer.from(hash, 'hex'), this.#condemned) !== undefined;
  }

  /** Copies what is lacking: new packs as they are, and the rest object by object. */
  async #bring(): Promise<void> {
    if (this.#lacking.size === 0) return;
    const { from, to } = this.#projects;
    this.#onPacks(await copyPacks(from.blobs, to.blobs, { mode: 'copy', which: 'new' }));
    this.#condemned = await condemnedPacks(to.blobs);
    const rest = [...this.#lacking].filter(([hash]) => !this.#has(hash));
    this.#lacking.clear();
    if (rest.length === 0) return;
    const written = await writeObjects(to.blobs, this.#read(rest));
    this.objects += written.objects;
    this.bytes += written.bytes;
  }

  async *#read(lacking: Iterable<readonly [Hash, Lack]>): AsyncGenerator<NamedObject> {
    const { from } = this.#projects;
    for (const [hash, { kind, of }] of lacking) {
      const reading = from.blobs.get(hash).catch((cause: unknown) => {
        throw damaged(from, hash, of, cause);
      });
      yield { hash, kind, bytes: await reading };
    }
  }
}

/** What cannot be read, unless it is the store itself that cannot be reached. */
function damaged({ name }: ProjectContext, hash: Hash, of: string, cause: unknown): unknown {
  if (!(cause instanceof MicelioError) || !/^(blob|tree)\//.test(cause.code)) return cause;
  return new SessionError(
    'project/damaged',
    `Project ${name} lacks the object ${hash}, which ${of} needs, or has it damaged. What does not need it was copied; run "mic store fsck" on both stores.`,
    { cause },
  );
}
