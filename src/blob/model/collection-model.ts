import { type Hash, parseHash } from '../../base/hash.ts';
import { HashSet } from '../../base/hash-set.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { type ObjectStore, parseKey } from '../../storage/object-store.ts';
import { BlobStore } from '../blob-store.ts';
import { collectPacks } from '../collect.ts';
import { Choices } from './choices.ts';
import { Schedule } from './schedule.ts';
import { ScheduledStore } from './scheduled-store.ts';

const prefix = 'micelio-acme/projects/web';
const rootsPrefix = `${prefix}/roots/`;
const hourMs = 60 * 60 * 1000;

/** Rules of the collection that a test breaks, to see that the model finds out. */
export interface BrokenRules {
  /** Otherwise 24. */
  readonly graceHours?: number;
  /** What is old is judged by the time of the deed, not by that of the marking. */
  readonly ageAtDeed?: boolean;
}

export interface ModelOptions {
  readonly seed: number;
  /** Rules that hold everywhere else. */
  readonly broken?: BrokenRules;
}

export type ModelOutcome =
  | { readonly outcome: 'whole'; readonly steps: number }
  | {
      readonly outcome: 'violated';
      readonly steps: number;
      readonly what: string;
      readonly log: readonly string[];
    };

/** The files of this world: few, so that everybody gets into everybody's way. */
const texts = Array.from({ length: 4 }, (_, i) => `${i} `.repeat(20 + 40 * (i % 3)));

/**
 * One schedule: writers, readers, collectors and mergers of indexes as they come with a seed, on one store. What is
 * recorded stands in `roots/`: a document names objects. Tells whether all that is recorded can be read, at any time
 * and at the end, and whether garbage goes.
 */
export async function runSchedule({ seed, broken = {} }: ModelOptions): Promise<ModelOutcome> {
  return new CollectionModel(seed, broken).run();
}

class CollectionModel {
  readonly #choices: Choices;
  readonly #schedule: Schedule;
  readonly #store: MemoryStore;
  readonly #broken: BrokenRules;
  #violation: string | undefined;
  #roots = 0;

  constructor(seed: number, broken: BrokenRules) {
    this.#choices = new Choices(seed);
    this.#schedule = new Schedule(this.#choices, {
      pauseEvery: 4 + this.#choices.below(20),
      switchEvery: this.#choices.pick([2, 4, 16]),
      crashEvery: this.#choices.pick([100, 1000]),
    });
    this.#store = new MemoryStore(this.#schedule.clock);
    this.#broken = broken;
  }

  async run(): Promise<ModelOutcome> {
    await this.#prepare();
    const kinds = [
      () => this.#write.bind(this),
      () => this.#write.bind(this),
      () => this.#read.bind(this),
      () => this.#collect.bind(this),
      () => this.#collect.bind(this),
      () => this.#merge.bind(this),
    ];
    const count = 2 + this.#choices.below(4);
    const processes = Array.from({ length: count }, (_, i) => {
      // At least one writer and one collector.
      const kind = kinds[i === 0 ? 0 : i === 1 ? 3 : this.#choices.below(kinds.length)]!();
      const name = `${kind.name.slice(6)} ${i}`;
      return kind(new ScheduledStore(this.#store, this.#schedule, name), name).catch((error: unknown) =>
        this.#failed(name, error),
      );
    });
    await this.#schedule.run(processes);
    await this.#checkAll('at the end');
    await this.#checkGarbageGoes();
    const { steps, log } = this.#schedule;
    if (this.#violation === undefined) return { outcome: 'whole', steps };
    return { outcome: 'violated', steps, what: this.#violation, log };
  }

  /** Packs of some age, some of them garbage, some of them condemned already. */
  async #prepare(): Promise<void> {
    const blobs = this.#open(this.#store);
    for (let pack = 2 + this.#choices.below(3); pack > 0; pack--) {
      const hashes = await this.#add(blobs, this.#someTexts());
      if (this.#choices.oneIn(2)) await this.#record(this.#store, hashes);
      this.#schedule.nowMs += hourMs;
    }
    for (let rounds = this.#choices.pick([0, 0, 1, 2]); rounds >= 0; rounds--) {
      this.#schedule.nowMs += this.#choices.pick([20, 25]) * hourMs;
      if (rounds > 0) await this.#collectOnce(this.#store);
      if (this.#choices.oneIn(3)) await this.#forgetOne(this.#store);
    }
  }

  #open(store: ObjectStore): BlobStore {
    return new BlobStore(store, prefix, { clock: this.#schedule.clock, random: this.#choices });
  }

  #someTexts(): string[] {
    return Array.from({ length: 1 + this.#choices.below(3) }, () => this.#choices.pick(texts));
  }

  /** Stores objects; `think` lets time pass in between. */
  async #add(blobs: BlobStore, some: readonly string[], think = async () => {}): Promise<Hash[]> {
    const batch = await blobs.openBatch({ expects: this.#choices.oneIn(4) ? 'few' : 'many' });
    await think();
    const hashes = some.map((text) => batch.add(Buffer.from(text)));
    await think();
    await batch.flush();
    await think();
    return hashes;
  }

  async #record(store: ObjectStore, hashes: readonly Hash[]): Promise<void> {
    await store.put(parseKey(`${rootsPrefix}${this.#roots++}`), Buffer.from(hashes.join(' ')));
  }

  async #forgetOne(store: ObjectStore): Promise<void> {
    const roots = (await Array.fromAsync(store.list(rootsPrefix))).map(({ key }) => key);
    if (roots.length > 0) await store.delete(this.#choices.pick(roots));
  }

  /** What writers do. */
  async #write(store: ObjectStore, name: string): Promise<void> {
    const blobs = this.#open(store);
    const think = (): Promise<void> => this.#schedule.point(name, 'answer', 'thinks');
    for (let round = 1 + this.#choices.below(3); round > 0; round--) {
      if (this.#choices.oneIn(4)) await this.#forgetOne(store);
      const openedMs = this.#schedule.nowMs;
      const hashes = await this.#add(blobs, this.#someTexts(), think);
      const late = this.#schedule.nowMs - openedMs > 12 * hourMs;
      if (!late) await this.#record(store, hashes);
    }
  }

  async #read(store: ObjectStore): Promise<void> {
    const blobs = this.#open(store);
    for (let round = 1 + this.#choices.below(4); round > 0; round--) {
      const roots = await Array.fromAsync(store.list(rootsPrefix));
      if (roots.length === 0) continue;
      const { key } = this.#choices.pick(roots);
      const root = await store.get(key);
      if (root !== undefined) for (const hash of hashesIn(root.bytes)) await this.#readOne(blobs, key, hash);
    }
  }

  async #readOne(blobs: BlobStore, root: string, hash: Hash): Promise<void> {
    const beganMs = this.#schedule.nowMs;
    try {
      await blobs.get(hash);
    } catch (error) {
      // What nobody keeps any more may be gone, and so it may for who looks at where it was a day ago.
      const kept = (await this.#store.get(parseKey(root))) !== undefined;
      if (kept && this.#schedule.nowMs - beganMs < 11 * hourMs)
        this.#violation ??= `a reader does not find ${hash.slice(0, 8)}: ${String(error)}`;
    }
  }

  async #collect(store: ObjectStore): Promise<void> {
    for (let round = 0; round < 3; round++) await this.#collectOnce(store);
  }

  async #collectOnce(store: ObjectStore): Promise<void> {
    const needed = new HashSet();
    const beganMs = this.#schedule.nowMs;
    for await (const { key } of store.list(rootsPrefix)) {
      const root = await store.get(key);
      for (const hash of root ? hashesIn(root.bytes) : []) needed.add(Buffer.from(hash, 'hex'));
    }
    const graceMs = (this.#broken.graceHours ?? 24) * hourMs;
    const asOfMs = this.#broken.ageAtDeed ? this.#schedule.nowMs : beganMs;
    const found = { blobs: needed, nodes: new HashSet(), asOfMs };
    await collectPacks(this.#open(store), found, {
      graceMs,
      mode: 'collect',
      referencesOf: () => [],
    });
  }

  /** Merges all indexes as often as it pleases, with what it has in memory. */
  async #merge(store: ObjectStore): Promise<void> {
    const { indexes } = this.#open(store);
    for (let round = 3; round > 0; round--) {
      await indexes.ensureLoaded();
      await indexes.mergeWhereMany(1);
    }
  }

  #failed(name: string, error: unknown): void {
    const code = (error as { code?: string }).code;
    // It has been told that it was too slow, and has recorded nothing.
    if (code === 'blob/too-slow') return;
    this.#violation ??= `${name} fails: ${(error as Error).stack}`;
  }

  async #checkAll(when: string): Promise<void> {
    const blobs = this.#open(this.#store);
    for await (const { key } of this.#store.list(rootsPrefix)) {
      for (const hash of hashesIn((await this.#store.get(key))!.bytes)) {
        await blobs.get(hash).catch((error: unknown) => {
          this.#violation ??= `${when}, ${hash.slice(0, 8)} of ${key.slice(-8)} is lost: ${String(error)}`;
        });
      }
    }
  }

  /** Collections that nobody disturbs leave packs in which at least half is needed, and no trace of others. */
  async #checkGarbageGoes(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      this.#schedule.nowMs += 25 * hourMs;
      await this.#collectOnce(this.#store).catch((error: unknown) =>
        this.#failed('the last collector', error),
      );
      await this.#checkAll(`after collection ${round + 1}`);
    }
    const condemned = await Array.fromAsync(this.#store.list(`${prefix}/condemned/`));
    if (condemned.length > 0) this.#violation ??= `${condemned.length} packs are condemned for ever`;
    const packs = (await Array.fromAsync(this.#store.list(`${prefix}/packs/`))).map(({ key }) =>
      parseHash(key.slice(-64)),
    );
    const blobs = this.#open(this.#store);
    await blobs.indexes.refresh();
    const indexed = new Set(blobs.indexes.all.flatMap((index) => index.packs));
    for (const pack of packs)
      if (!indexed.has(pack)) this.#violation ??= `pack ${pack.slice(0, 8)} stays unused`;
    for (const pack of indexed)
      if (!packs.includes(pack)) this.#violation ??= `an index names pack ${pack.slice(0, 8)}, which is gone`;
  }
}

function hashesIn(bytes: Uint8Array): Hash[] {
  return Buffer.from(bytes).toString().split(' ').map(parseHash);
}
