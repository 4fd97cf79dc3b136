import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import type { Hash } from '../../base/hash.ts';
import { systemRandom } from '../../base/random.ts';
import { checkOverlay } from '../check-overlay.ts';
import type { ContentCache } from '../content-cache.ts';
import type { Caller } from '../file-system.ts';
import { warmUp } from '../fixtures.ts';
import { openSessionFileSystem, type SessionFileSystem } from '../session-file-system.ts';
import { ForgetfulCache, persistent } from './forgetful.ts';
import { materialise, modelContent, modelFiles } from './model-project.ts';
import { OpenListings } from './open-listings.ts';
import { describeOperation, type Operation, OperationSource } from './operation.ts';
import { describeOutcome, type Outcome, sameOutcome } from './outcome.ts';
import { RealSide } from './real-side.ts';
import { SeededRandom } from './seeded-random.ts';
import { compareTrees } from './tree-comparison.ts';
import { VirtualSide } from './virtual-side.ts';
import { type Clockwork, differencesSince, parentOf, watch } from './watch.ts';

/** How often what is not done after each operation is done, in operations. */
const comparedEvery = 400;
const reopenedEvery = 700;
const baseComparedEvery = 5000;
const forgetfulness = 0.002;
const operationsShown = 25;

export interface ModelRunOptions {
  readonly operations: number;
  /** The same seed gives the same run. */
  readonly seed: number;
}

/** How a run went: how many operations did something, and how many were refused, by the error. */
export type ModelRunResult = ReadonlyMap<string, number>;

/**
 * Does random operations on a session's file system and on a directory of this machine, and compares all that a program
 * can see of them. Throws with the seed and the last operations when there is a difference. As the superuser, it acts as
 * several users.
 */
export async function runModel({ operations, seed }: ModelRunOptions): Promise<ModelRunResult> {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-model-'));
  // The other users that it acts as must get there.
  chmodSync(directory, 0o755);
  const umask = process.umask(0);
  try {
    const { content, tree } = await modelContent();
    const run = new ModelRun(directory, content, tree, seed);
    await run.open();
    await run.perform(operations);
    await run.close();
    return run.outcomes;
  } finally {
    process.umask(umask);
    rmSync(directory, { recursive: true, force: true });
  }
}

class ModelRun {
  readonly outcomes = new Map<string, number>();
  readonly #directory: string;
  readonly #content: ContentCache;
  readonly #tree: Hash;
  readonly #seed: number;
  readonly #random: SeededRandom;
  readonly #source: OperationSource;
  readonly #listings: OpenListings;
  readonly #real: RealSide;
  readonly #clockwork: Clockwork;
  readonly #last: string[] = [];
  #others: ReadonlyMap<string, string> = new Map();
  #session!: SessionFileSystem;
  #virtual!: VirtualSide;

  constructor(directory: string, content: ContentCache, tree: Hash, seed: number) {
    this.#directory = directory;
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
    this.#content = new ForgetfulCache(content, this.#random, forgetfulness);
    this.#tree = tree;
    this.#source = new OperationSource(this.#random, callersOfModel());
    this.#listings = new OpenListings(this.#random);
    const root = join(directory, 'real');
    materialise(root, ownerOfModel());
    this.#real = new RealSide(root);
    this.#clockwork = clockworkOf(directory);
  }

  async open(): Promise<void> {
    this.#session = await this.#openIn('overlay');
    // Nothing need be waited for later.
    await warmUp(this.#content, this.#tree, modelFiles);
    this.#virtual = new VirtualSide(persistent(this.#session), this.#random);
    await this.#compareAll();
  }

  async close(): Promise<void> {
    await this.#compareAll();
    await this.#session.close();
    await this.#compareBase();
  }

  async perform(operations: number): Promise<void> {
    for (let done = 1; done <= operations; done++) {
      const { operation, caller } = this.#source.next();
      this.#performOne(operation, caller);
      if (this.#random.chance(0.2)) this.#session.flush();
      if (done % comparedEvery === 0) await this.#compareAll();
      if (done % reopenedEvery === 0) await this.#reopen();
      if (done % baseComparedEvery === 0) await this.#compareBase();
    }
  }

  #performOne(operation: Operation, caller: Caller): void {
    if (this.#isAffairOfTheKernel(operation, caller)) return;
    this.#remember(describeOperation(operation, caller));
    const before = watch(operation, this.#virtual, this.#real, this.#others);
    const really = this.#real.perform(operation, caller);
    const virtually = this.#performVirtually(operation, caller);
    this.outcomes.set(really.code, (this.outcomes.get(really.code) ?? 0) + 1);
    if (!sameOutcome(virtually, really)) {
      this.#fail([`${describeOutcome(virtually)}, but really ${describeOutcome(really)}`]);
    }
    this.#expectNone(
      differencesSince(before, this.#virtual, this.#real, this.#clockwork, operation, really.code),
    );
    this.#goOnListing(operation);
  }

  #performVirtually(operation: Operation, caller: Caller): Outcome {
    try {
      return this.#virtual.perform(operation, caller);
    } catch (error) {
      return this.#fail([error instanceof Error ? String(error.stack) : String(error)]);
    }
  }

  #goOnListing(operation: Operation): void {
    const paths = 'to' in operation ? [operation.path, operation.to] : [operation.path];
    for (const path of paths) {
      const directory = this.#virtual.see(parentOf(path), 'follow');
      if (directory?.type !== 'directory') continue;
      const isThere = this.#virtual.see(path) !== undefined;
      this.#listings.changed(directory.inode as never, path.slice(path.lastIndexOf('/') + 1), isThere);
    }
    if (this.#random.chance(0.3)) this.#expectNone(this.#listings.goOn(this.#virtual.fileSystem));
    if (!this.#random.chance(0.02)) return;
    const directory = this.#virtual.see(parentOf(operation.path), 'follow');
    if (directory?.type !== 'directory') return;
    this.#listings.begin(this.#virtual.fileSystem, directory.inode as never);
  }

  /** Whether the kernel decides this by rules of its own, before any file system is asked. */
  #isAffairOfTheKernel(operation: Operation, caller: Caller): boolean {
    const file = this.#real.see(operation.path);
    // A program that makes it does not say why it could not.
    if (operation.kind === 'makeFifo') return !this.#isFreeForSuperuser(operation.path, caller);
    if (file === undefined) return false;
    const isContent = ['create', 'write', 'append', 'truncate', 'read'].includes(operation.kind);
    switch (operation.kind) {
      case 'changeMode':
        // There is no call that does not follow a symlink.
        return file.type === 'symlink';
      case 'link':
        // `fs.protected_hardlinks`.
        return caller.uid !== 0 && caller.uid !== file.uid;
      case 'create':
        // `fs.protected_regular`.
        if (((this.#real.see(parentOf(operation.path))?.mode ?? 0) & 0o1000) !== 0) return true;
        break;
      default:
    }
    // Opening one waits for the other end.
    return isContent && (file.type === 'fifo' || file.type === 'socket');
  }

  #isFreeForSuperuser(path: string, caller: Caller): boolean {
    const isFree = this.#real.see(path) === undefined && this.#real.see(parentOf(path))?.type === 'directory';
    // Programs are given text.
    return caller.uid === 0 && isFree && /^[\x20-\x7e]{1,200}$/.test(path);
  }

  async #compareAll(): Promise<void> {
    const { files, others, differences } = compareTrees(this.#virtual, this.#real);
    this.#expectNone(differences);
    this.#expectNone(await checkOverlay(this.#session.volume));
    this.#source.know(files);
    this.#others = others;
  }

  async #reopen(): Promise<void> {
    await this.#session.close();
    this.#session = await this.#openIn('overlay');
    this.#virtual.fileSystem = persistent(this.#session);
  }

  /** A second session on the same base sees nothing of the first. */
  async #compareBase(): Promise<void> {
    const place = mkdtempSync(join(this.#directory, 'other-'));
    materialise(join(place, 'real'), ownerOfModel());
    const session = await this.#openIn(join(place.slice(this.#directory.length + 1), 'overlay'));
    const virtual = new VirtualSide(persistent(session), this.#random);
    const { differences } = compareTrees(virtual, new RealSide(join(place, 'real')));
    this.#expectNone(differences.map((difference) => `in another session: ${difference}`));
    await session.close();
    rmSync(place, { recursive: true });
  }

  #openIn(name: string): Promise<SessionFileSystem> {
    return openSessionFileSystem({
      directory: join(this.#directory, name),
      content: this.#content,
      base: this.#tree,
      owner: { ...ownerOfModel(), time: { seconds: 1_700_000_000, nanoseconds: 0 } },
      clock: systemClock,
      random: systemRandom,
      boot: 'model',
    });
  }

  #remember(line: string): void {
    this.#last.push(line);
    if (this.#last.length > operationsShown) this.#last.shift();
  }

  #expectNone(wrong: readonly string[]): void {
    if (wrong.length > 0) this.#fail(wrong);
  }

  #fail(wrong: readonly string[]): never {
    const last = this.#last.map((line) => `  ${line}`).join('\n');
    throw new Error(`${wrong.slice(0, 10).join('\n')}\nseed ${this.#seed}, after\n${last}`);
  }
}

/** To whom the base belongs: where nobody but ourselves can be acted for, to us. */
function ownerOfModel(): { uid: number; gid: number } {
  const uid = process.getuid!();
  return uid === 0 ? { uid: 1000, gid: 1000 } : { uid, gid: process.getgid!() };
}

function callersOfModel(): Caller[] {
  const uid = process.getuid!();
  if (uid !== 0) return [{ uid, gid: process.getgid!(), groups: process.getgroups!() }];
  return [
    { uid: 0, gid: 0, groups: [0] },
    { uid: 1000, gid: 1000, groups: [2000] },
    { uid: 1001, gid: 1001, groups: [2000, 2001] },
    { uid: 1002, gid: 1000, groups: [] },
  ];
}

/** Whether two changes that follow one another get different times here. */
function clockworkOf(directory: string): Clockwork {
  const [place, file] = [join(directory, 'clock'), join(directory, 'clock/file')];
  mkdirSync(place);
  for (let attempt = 0; attempt < 50; attempt++) {
    writeFileSync(file, '');
    const before = lstatSync(place, { bigint: true }).ctimeNs;
    unlinkSync(file);
    if (lstatSync(place, { bigint: true }).ctimeNs === before) return 'coarse';
  }
  return 'fine';
}
