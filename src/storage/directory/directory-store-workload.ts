import { etagOf } from '../content-etag.ts';
import type { ObjectStore } from '../object-store.ts';
import { parseKey } from '../object-store.ts';

/** What a store holds: the text under each key. */
export type Contents = Readonly<Record<string, string>>;

/** One write of the workload. */
interface Write {
  readonly run: (store: ObjectStore) => Promise<unknown>;
  /** What it does to a store that holds what the writes before it left. */
  readonly apply: (contents: Contents) => Contents;
}

/** More than what is written in place, so that the disk's background steps are taken too. */
const large = 'large '.repeat(50_000);
const without = (contents: Contents, key: string): Contents =>
  Object.fromEntries(Object.entries(contents).filter(([name]) => name !== key));

/** For tests that stop a store at every step: one write of every kind, on keys that share folders. */
export const workload: readonly Write[] = [
  create('a/head', 'one'),
  swap('a/head', 'one', 'two'),
  put('a/b/immutable', 'first'),
  put('a/b/immutable', 'second'),
  create('a/b/large', large),
  {
    run: (store) => store.delete(parseKey('a/b/immutable')),
    apply: (held) => without(held, 'a/b/immutable'),
  },
  { run: (store) => store.delete(parseKey('a/b/large')), apply: (held) => without(held, 'a/b/large') },
  put('a/b', 'where a folder was'),
  swap('a/head', 'two', large),
];

/** What a store holds after the first `count` writes. */
export function contentsAfter(count: number): Contents {
  return workload.slice(0, count).reduce((contents, { apply }) => apply(contents), {} as Contents);
}

export async function contentsOf(store: ObjectStore): Promise<Contents> {
  const contents: Record<string, string> = {};
  for await (const { key, size } of store.list('')) {
    const object = await store.get(key);
    if (object?.bytes.length !== size) throw new Error(`${key} has another size than its list entry`);
    contents[key] = Buffer.from(object.bytes).toString();
  }
  return contents;
}

function put(key: string, text: string): Write {
  return {
    run: (store) => store.put(parseKey(key), Buffer.from(text)),
    apply: (contents) => ({ ...contents, [key]: text }),
  };
}

function create(key: string, text: string): Write {
  return {
    run: (store) => store.putIfAbsent(parseKey(key), Buffer.from(text)),
    apply: (contents) => ({ ...contents, [key]: text }),
  };
}

function swap(key: string, from: string, to: string): Write {
  return {
    run: (store) => store.compareAndSwap(parseKey(key), Buffer.from(to), etagOf(Buffer.from(from))),
    apply: (contents) => ({ ...contents, [key]: to }),
  };
}
