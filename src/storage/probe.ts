import type { Random } from '../base/random.ts';
import { randomText } from '../base/random.ts';
import type { ETag, ObjectKey, ObjectStore, WriteOutcome } from './object-store.ts';
import { parseKey, StorageError } from './object-store.ts';

/** One thing that a store must do, and whether it does. */
export interface ProbeResult {
  readonly check: string;
  /** What is wrong, in words; undefined where nothing is. */
  readonly problem: string | undefined;
}

/** How many write at once in a race. */
const racers = 8;

/**
 * Tries out whether a store can be relied upon, with small objects behind a prefix of their own, which are removed at
 * the end. It stops at the first check that fails, since the later ones build upon it. A check that passes is a sign,
 * and no proof: a store that breaks its promise now and then can be lucky.
 */
export async function probeStore(store: ObjectStore, random: Random): Promise<ProbeResult[]> {
  const prefix = `micelio-probe-${randomText(random, 12)}/`;
  const results: ProbeResult[] = [];
  try {
    for (const { check, run } of checks) {
      const problem = await run({ store, prefix }).catch(problemOf);
      results.push({ check, problem });
      if (problem !== undefined) break;
    }
  } finally {
    const problem = await removeAll(store, prefix).catch(problemOf);
    // Where something else is wrong, that is what has to be known.
    if (results.every((result) => result.problem === undefined)) {
      results.push({ check: 'leaves nothing behind', problem });
    }
  }
  return results;
}

interface Place {
  readonly store: ObjectStore;
  readonly prefix: string;
}

interface Check {
  readonly check: string;
  /** Answers what is wrong. */
  readonly run: (place: Place) => Promise<string | undefined>;
}

const checks: readonly Check[] = [
  { check: 'reads what was written', run: readsWhatWasWritten },
  { check: 'creates only what is not there', run: createsOnce },
  { check: 'replaces only the version that was read', run: swapsOnly },
  { check: `lets one of ${racers} who create at once win`, run: oneCreatorWins },
  { check: `lets one of ${racers} who replace at once win`, run: oneSwapperWins },
  { check: 'reads parts of objects', run: readsRanges },
  { check: 'lists what is there, in order', run: lists },
  { check: 'deletes', run: deletes },
];

async function readsWhatWasWritten({ store, prefix }: Place): Promise<string | undefined> {
  const one = key(prefix, 'read');
  if ((await store.get(one)) !== undefined) return 'It reads an object that was never written.';
  for (const text of ['first', 'second']) {
    await store.put(one, bytes(text));
    if ((await textOf(store, one)) !== text) {
      return 'What was just written is not what is read: writes take effect late here, and others would be overwritten. Use a store with strong consistency.';
    }
  }
  return undefined;
}

async function createsOnce({ store, prefix }: Place): Promise<string | undefined> {
  const one = key(prefix, 'create');
  tagOf(await store.putIfAbsent(one, bytes('first')));
  const again = await store.putIfAbsent(one, bytes('second'));
  if ((await textOf(store, one)) !== 'first') {
    return 'An object was created over one that was there: the server ignores "If-None-Match: *". Use a server, or a version of it, that knows conditional writes.';
  }
  if (again.outcome === 'stored') return 'It says that it has created an object, and has not.';
  return undefined;
}

async function swapsOnly({ store, prefix }: Place): Promise<string | undefined> {
  const one = key(prefix, 'swap');
  const first = tagOf(await store.putIfAbsent(one, bytes('first')));
  const swapped = await store.compareAndSwap(one, bytes('second'), first);
  if (swapped.outcome === 'refused') {
    return 'A version that had just been read could not be replaced: the server does not recognise its own tags in "If-Match". Use a server, or a version of it, that knows conditional writes.';
  }
  tagOf(swapped);
  const stale = await store.compareAndSwap(one, bytes('third'), first);
  if (stale.outcome === 'stored' || (await textOf(store, one)) !== 'second') {
    return 'A version that nobody had read was overwritten: the server ignores "If-Match". Use a server, or a version of it, that knows conditional writes.';
  }
  const absent = key(prefix, 'absent');
  const created = await store.compareAndSwap(absent, bytes('x'), first);
  if (created.outcome === 'stored' || (await store.get(absent)) !== undefined) {
    return 'An object that is not there was replaced: the server ignores "If-Match" for it.';
  }
  return undefined;
}

async function oneCreatorWins({ store, prefix }: Place): Promise<string | undefined> {
  const one = key(prefix, 'race');
  return race(store, one, (text) => store.putIfAbsent(one, bytes(text)));
}

async function oneSwapperWins({ store, prefix }: Place): Promise<string | undefined> {
  const one = key(prefix, 'race');
  const before = (await store.get(one))?.etag ?? ('' as ETag);
  return race(store, one, (text) => store.compareAndSwap(one, bytes(`again ${text}`), before));
}

/** Everybody writes, and one must win: the one whose text is there. */
async function race(
  store: ObjectStore,
  one: ObjectKey,
  write: (text: string) => Promise<WriteOutcome>,
): Promise<string | undefined> {
  const outcomes = await Promise.all(Array.from({ length: racers }, (_, racer) => write(`${racer}`)));
  const winners = outcomes.flatMap(({ outcome }, racer) => (outcome === 'stored' ? [racer] : []));
  const there = Number((await textOf(store, one))?.split(' ').at(-1));
  // A server may fail to say who has won, but not say it twice.
  const isPossible =
    winners.length === 1
      ? there === winners[0]
      : winners.length === 0 && outcomes[there]?.outcome === 'unknown';
  if (isPossible) return undefined;
  return `Of ${racers} who wrote the same object at once, each on a condition that only one can meet, ${winners.length} were told that they had. Work of others would be overwritten. Use a server whose conditional writes are atomic.`;
}

async function readsRanges({ store, prefix }: Place): Promise<string | undefined> {
  const one = key(prefix, 'ranges');
  await store.put(one, bytes('0123456789'));
  for (const [start, end, expected] of [
    [2, 5, '234'],
    [7, 100, '789'],
    [20, 30, ''],
  ] as const) {
    const read = await store.get(one, { start, end });
    if (read === undefined || Buffer.from(read.bytes).toString() !== expected) {
      return `The bytes ${start} to ${end} of an object are not those that were read. Files could not be read in part.`;
    }
  }
  return undefined;
}

async function lists({ store, prefix }: Place): Promise<string | undefined> {
  const names = ['list/a-b', 'list/a/c', 'list/a0', 'list/b'];
  for (const name of names.toReversed()) await store.put(key(prefix, name), bytes(name));
  const all = names.map((name) => prefix + name);
  const [first = '', second = ''] = all;
  if (!equal(await keysOf(store, `${prefix}list/`), all)) {
    return 'A listing does not have what was just written, in the order of the bytes of the names. Use a store with strong consistency of listings.';
  }
  if (!equal(await keysOf(store, `${prefix}list/`, second), all.slice(2))) {
    return 'A listing that should begin behind a name does not: the server ignores "start-after".';
  }
  if (!equal(await keysOf(store, `${first}`), [first])) {
    return 'A listing has names that do not begin as they should: the server ignores "prefix".';
  }
  return undefined;
}

async function deletes({ store, prefix }: Place): Promise<string | undefined> {
  const keys = ['create', 'swap', 'ranges'].map((name) => key(prefix, name));
  await Promise.all(keys.map((one) => store.delete(one)));
  for (const one of keys) {
    if ((await store.get(one)) !== undefined) return 'An object that was deleted can still be read.';
  }
  const again = await store.putIfAbsent(keys[0]!, bytes('again'));
  if (again.outcome === 'refused') return 'An object that was deleted cannot be created again.';
  return undefined;
}

async function removeAll(store: ObjectStore, prefix: string): Promise<string | undefined> {
  const keys = await keysOf(store, prefix);
  await Promise.all(keys.map((one) => store.delete(one)));
  const left = await keysOf(store, prefix);
  return left.length === 0
    ? undefined
    : `Objects that were deleted are still listed. Remove what begins with "${prefix}" by hand.`;
}

/** A store that cannot be used at all has failed the check, too. Anything else is a bug. */
function problemOf(error: unknown): string {
  if (error instanceof StorageError) return error.message;
  throw error;
}

function key(prefix: string, name: string): ObjectKey {
  return parseKey(prefix + name);
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

async function textOf(store: ObjectStore, one: ObjectKey): Promise<string | undefined> {
  const read = await store.get(one);
  return read && Buffer.from(read.bytes).toString();
}

async function keysOf(store: ObjectStore, prefix: string, after?: string): Promise<ObjectKey[]> {
  const keys: ObjectKey[] = [];
  for await (const info of store.list(prefix, after === undefined ? {} : { after })) keys.push(info.key);
  return keys;
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.join('\n') === b.join('\n');
}

/** The tag of a write that nothing stands in the way of. */
function tagOf(result: WriteOutcome): ETag {
  if (result.outcome === 'stored') return result.etag;
  if (result.outcome === 'unknown' && result.cause instanceof StorageError) throw result.cause;
  throw new StorageError(
    'storage/unsuitable',
    `A conditional write whose condition holds ended "${result.outcome}". Use a server, or a version of it, that knows conditional writes.`,
  );
}
