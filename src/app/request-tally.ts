import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../base/system-error.ts';
import { type CountedRequests, type RequestCounts, requestKinds, sumOfCounts } from './request-counter.ts';

/** What one kind of operation on a store has cost on this machine so far. */
export interface OperationTally {
  /** A command, such as `session start`, or `mic-fs` and a project. */
  readonly operation: string;
  readonly times: number;
  readonly sum: RequestCounts;
  readonly last: RequestCounts;
  /** When it was last done, ms since the epoch. */
  readonly lastMs: number;
}

interface StoreOperation extends OperationTally {
  readonly store: string;
}

interface Summary {
  /** How many logs have been folded into it. */
  readonly generation: number;
  readonly operations: readonly StoreOperation[];
}

/** A log of more bytes than this is folded into the summary; … */
const logBytesFolded = 128 * 1024;
/** … where that has not worked for long, no more is added. */
const logBytesMax = 1024 * 1024;
/** Operations in the summary; those that were not done for longest go. */
const operationsMax = 500;
const operationLengthMax = 200;

/**
 * What operations on remote stores have cost on this machine, in one directory (`docs/formats/store-requests.md`): a log
 * of one line an operation, which any number of processes append to, and a summary that it is folded into. Only
 * statistics: what cannot be written is left out, and nobody is told.
 */
export class RequestTally {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Adds what was counted until `atMs`: an operation for each store and name that `operationOf` gives. */
  async add(
    counted: readonly CountedRequests[],
    operationOf: (project: string) => string,
    atMs: number,
  ): Promise<void> {
    const sums = new Map<string, RequestCounts>();
    for (const { store, project, counts } of counted) {
      const key = JSON.stringify([store, operationOf(project).slice(0, operationLengthMax)]);
      const known = sums.get(key);
      sums.set(key, known === undefined ? counts : sumOfCounts(known, counts));
    }
    await leniently(async () => {
      for (const [key, counts] of sums) this.#append(lineOf(key, counts, atMs));
      if (this.#logSize() > logBytesFolded) await this.#fold();
    });
  }

  /** What operations on the store at the location `store` have cost, by name. */
  read(store: string): readonly OperationTally[] {
    const all = new Map<string, StoreOperation>();
    const { generation, operations } = this.#summary();
    for (const operation of operations) merge(all, operation);
    for (const path of [this.#folding(generation + 1), this.#log]) mergeLog(all, readText(path));
    return Array.from(all.values())
      .filter((operation) => operation.store === store)
      .map(({ store: _, ...tally }) => tally)
      .sort((a, b) => (a.operation < b.operation ? -1 : 1));
  }

  /** One write of a short line at the end of a file is never mixed with another. */
  #append(line: string): void {
    if (this.#logSize() > logBytesMax) return;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    appendFileSync(this.#log, line, { mode: 0o600 });
  }

  #logSize(): number {
    return statSync(this.#log, { throwIfNoEntry: false })?.size ?? 0;
  }

  get #log(): string {
    return join(this.#directory, 'log');
  }

  /** A log on its way into the summary of this generation. */
  #folding(generation: number): string {
    return `${this.#log}.${generation}`;
  }

  /** One process at a time: others go on appending. Killed anywhere, it is taken up by the next. */
  async #fold(): Promise<void> {
    const lock = await lockIn(this.#directory);
    if (lock === undefined) return;
    try {
      const { generation, operations } = this.#summary();
      rmSync(this.#folding(generation), { force: true });
      const folding = this.#folding(generation + 1);
      if (statSync(folding, { throwIfNoEntry: false }) === undefined) renameSync(this.#log, folding);
      const all = new Map<string, StoreOperation>();
      for (const operation of operations) merge(all, operation);
      mergeLog(all, readText(folding));
      const kept = [...all.values()].sort((a, b) => b.lastMs - a.lastMs).slice(0, operationsMax);
      const summary = JSON.stringify({ generation: generation + 1, operations: kept });
      writeFileSync(join(this.#directory, 'summary.new'), summary, { mode: 0o600 });
      renameSync(join(this.#directory, 'summary.new'), join(this.#directory, 'summary.json'));
      rmSync(folding, { force: true });
    } finally {
      lock.close();
    }
  }

  #summary(): Summary {
    const text = readText(join(this.#directory, 'summary.json'));
    const nothing = { generation: 0, operations: [] };
    try {
      return text === '' ? nothing : (JSON.parse(text) as Summary);
    } catch {
      // Damaged: it is begun anew.
      return nothing;
    }
  }
}

/** No command fails because its cost cannot be noted: the disk is full, say, or the home only readable. */
async function leniently(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

/** A line of the log, below 4 KiB. */
function lineOf(storeAndOperation: string, counts: RequestCounts, atMs: number): string {
  const numbers = [...requestKinds.map((kind) => counts[kind]), counts.bytesRead, counts.bytesWritten];
  return `${JSON.stringify([atMs, ...JSON.parse(storeAndOperation), ...numbers])}\n`;
}

/** The lock of who folds; undefined where somebody else has it, or none can be made. */
async function lockIn(directory: string): Promise<{ close(): void } | undefined> {
  const { ProcessLock, sqliteCode } = await import('../storage/directory/process-lock.ts');
  let lock: InstanceType<typeof ProcessLock> | undefined;
  try {
    lock = new ProcessLock(join(directory, 'lock'));
    if (lock.tryTake()) return lock;
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error;
  }
  lock?.close();
  return undefined;
}

function merge(all: Map<string, StoreOperation>, added: StoreOperation): void {
  const key = JSON.stringify([added.store, added.operation]);
  const known = all.get(key);
  if (known === undefined) {
    all.set(key, added);
    return;
  }
  const latest = added.lastMs >= known.lastMs ? added : known;
  all.set(key, { ...latest, times: known.times + added.times, sum: sumOfCounts(known.sum, added.sum) });
}

function mergeLog(all: Map<string, StoreOperation>, text: string): void {
  for (const line of text.split('\n')) {
    const operation = parsedLine(line);
    if (operation !== undefined) merge(all, operation);
  }
}

/** Undefined for a line that no one has written so: a disk that was full keeps parts of some. */
function parsedLine(line: string): StoreOperation | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!Array.isArray(fields) || fields.length !== requestKinds.length + 5) return undefined;
  const [lastMs, store, operation, ...numbers] = fields;
  if (typeof store !== 'string' || typeof operation !== 'string') return undefined;
  if (![lastMs, ...numbers].every((value) => typeof value === 'number')) return undefined;
  const [get, put, list, deleted, other, bytesRead, bytesWritten] = numbers;
  const total = get + put + list + deleted + other;
  const counts = { get, put, list, delete: deleted, other, total, bytesRead, bytesWritten };
  return { store, operation, times: 1, sum: counts, last: counts, lastMs };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return '';
  }
}
