import assert from 'node:assert/strict';
import { type Hash, hashOf } from '../base/hash.ts';
import { type Change, directoryMode, type Entry, sameEntry } from '../tree/entry.ts';
import { ancestorsOf, type TreePath } from '../tree/path.ts';
import type { Conflict } from './conflict.ts';
import type { Edit } from './directory-edits.ts';
import type { MergePort } from './merge-port.ts';
import { mergeTrees } from './merge-trees.ts';

/**
 * A tree for tests: each path with its text, or with an entry of another kind. Directories above files need not be
 * named; an empty one is `directory`.
 */
export type TestTree = Readonly<Record<string, string | TestEntry>>;

export type TestEntry =
  | { readonly link: string }
  | { readonly commit: string }
  | { readonly program: string }
  | { readonly directory: number };

export const directory: TestEntry = { directory: directoryMode };

/** The contents that entries of tests name. */
const contents = new Map<Hash, Uint8Array>();

function keep(bytes: Uint8Array): { hash: Hash; size: number } {
  const hash = hashOf(bytes);
  contents.set(hash, bytes);
  return { hash, size: bytes.length };
}

function entryOf(value: string | TestEntry): Entry {
  if (typeof value === 'string') return { type: 'file', mode: 0o644, ...keep(Buffer.from(value)) };
  if ('program' in value) return { type: 'file', mode: 0o755, ...keep(Buffer.from(value.program)) };
  if ('link' in value) return { type: 'symlink', ...keep(Buffer.from(value.link)) };
  if ('commit' in value) return { type: 'gitlink', commit: value.commit };
  return { type: 'directory', mode: value.directory };
}

function testEntryOf(entry: Entry): string | TestEntry {
  switch (entry.type) {
    case 'file': {
      const text = Buffer.from(contents.get(entry.hash)!).toString();
      return entry.mode === 0o755 ? { program: text } : text;
    }
    case 'symlink':
      return { link: Buffer.from(contents.get(entry.hash)!).toString() };
    case 'gitlink':
      return { commit: entry.commit };
    case 'directory':
      return { directory: entry.mode };
  }
}

type Entries = Map<TreePath, Entry>;

function entriesOf(tree: TestTree): Entries {
  const entries: Entries = new Map();
  for (const [path, value] of Object.entries(tree)) entries.set(path as TreePath, entryOf(value));
  for (const path of [...entries.keys()]) addParents(entries, path);
  return entries;
}

function addParents(entries: Entries, path: TreePath): void {
  for (const parent of ancestorsOf(path)) {
    const known = entries.get(parent);
    assert(known === undefined || known.type === 'directory', `${parent} is a file and a directory`);
    if (known === undefined) entries.set(parent, { type: 'directory', mode: directoryMode });
  }
}

export function changesBetween(before: TestTree, after: TestTree): Change<TreePath>[] {
  const [old, young] = [entriesOf(before), entriesOf(after)];
  return [...new Set([...old.keys(), ...young.keys()])]
    .map((path) => ({ path, before: old.get(path), after: young.get(path) }))
    .filter((change) => !sameEntry(change.before, change.after));
}

/** Applies edits as the contract of `TreeMerge` says. Directories that hold something are left out of the result. */
function applyEdits(tree: TestTree, edits: readonly Edit[]): TestTree {
  const entries = entriesOf(tree);
  const emptied = edits.filter(({ path, entry }) => entry === undefined && isDirectory(entries.get(path)));
  for (const { path, entry } of edits)
    if (entry === undefined && !isDirectory(entries.get(path))) entries.delete(path);
  for (const { path, entry } of edits) if (entry !== undefined) entries.set(path, entry);
  const byDepth = emptied.toSorted((a, b) => b.path.length - a.path.length);
  for (const { path } of byDepth) if (!holdsSomething(entries, path)) entries.delete(path);
  for (const path of [...entries.keys()]) addParents(entries, path);
  return testTreeOf(entries);
}

function isDirectory(entry: Entry | undefined): boolean {
  return entry?.type === 'directory';
}

function holdsSomething(entries: Entries, path: TreePath): boolean {
  return [...entries.keys()].some((other) => other.startsWith(`${path}/`));
}

/** The tree without the directories that are there only because of what is in them. */
export function plain(tree: TestTree): TestTree {
  return testTreeOf(entriesOf(tree));
}

function testTreeOf(entries: Entries): TestTree {
  const shown = [...entries].filter(
    ([path, entry]) =>
      !(isDirectory(entry) && sameEntry(entry, entryOf(directory)) && holdsSomething(entries, path)),
  );
  shown.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(shown.map(([path, entry]) => [path, testEntryOf(entry)]));
}

export interface TestMerge {
  readonly tree: TestTree;
  readonly conflicts: readonly Conflict[];
  /** `kind path` of each conflict. */
  readonly summary: readonly string[];
}

/** The port to a base tree for tests. */
export function testPort(base: TestTree): MergePort {
  const baseEntries = entriesOf(base);
  return {
    baseEntry: async (path) => baseEntries.get(path),
    readFile: async (file) => contents.get(file.hash)!,
    writeFile: async (bytes) => keep(bytes),
  };
}

export async function mergeTestTrees(base: TestTree, ours: TestTree, theirs: TestTree): Promise<TestMerge> {
  const port = testPort(base);
  const changes = { ours: changesBetween(base, ours), theirs: changesBetween(base, theirs) };
  const { edits, conflicts } = await mergeTrees({ changes, port });
  const summary = conflicts.map(({ kind, path }) => `${kind} ${path}`);
  return { tree: applyEdits(ours, edits), conflicts, summary };
}
