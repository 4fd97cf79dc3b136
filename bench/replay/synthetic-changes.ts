import type { SeededRandom } from './seeded-random.ts';
import {
  editedText,
  type SyntheticFile,
  type SyntheticTree,
  submoduleCommit,
  syntheticAttributes,
  syntheticBinary,
  syntheticFile,
} from './synthetic-files.ts';

/** Few names, so that two sides often mean the same path. */
const directoryNames = ['src', 'lib', 'test', 'docs', 'core', 'a', 'b', 'ui'];
const fileNames = [
  'index.c',
  'main.c',
  'README',
  'Makefile',
  'util.c',
  'list.c',
  'x',
  'y',
  'z.txt',
  'a',
  'b',
  'a.b',
];

function syntheticPath(random: SeededRandom): string {
  const segments = Array.from({ length: random.below(4) }, () => random.pick(directoryNames));
  return [...segments, random.pick(fileNames)].join('/');
}

export function syntheticTree(random: SeededRandom, fileCount: number): SyntheticTree {
  const tree: SyntheticTree = new Map();
  for (let file = 0; file < fileCount; file++) {
    const known = [...tree.values()];
    const copied = known.length > 0 && random.chance(0.15);
    put(tree, syntheticPath(random), copied ? random.pick(known) : syntheticFile(random));
  }
  if (random.chance(0.4)) changeAttributes(random, tree);
  return tree;
}

type ChangeKind = (random: SeededRandom, tree: SyntheticTree) => void;

const changeKinds: readonly (readonly [weight: number, ChangeKind])[] = [
  [10, editFile],
  [5, addFile],
  [3, addCopy],
  [4, removeFile],
  [6, renameFile],
  [3, renameDirectory],
  [1, splitDirectory],
  [1, removeDirectory],
  [1, flattenDirectory],
  [2, changeMode],
  [1, changeType],
  [1, fileToDirectory],
  [1, directoryToFile],
  [1, changeAttributes],
];

/** Makes `count` random changes, of the kinds that people make. */
export function changeTree(random: SeededRandom, tree: SyntheticTree, count: number): void {
  const total = changeKinds.reduce((sum, [weight]) => sum + weight, 0);
  for (let change = 0; change < count; change++) {
    if (tree.size === 0) addFile(random, tree);
    let left = random.below(total);
    for (const [weight, apply] of changeKinds) {
      left -= weight;
      if (left >= 0) continue;
      apply(random, tree);
      break;
    }
  }
}

/** Puts a file, and removes what cannot be there beside it: a file above it, a directory at its path. */
function put(tree: SyntheticTree, path: string, file: SyntheticFile): void {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    tree.delete(path.slice(0, slash));
  }
  for (const other of [...tree.keys()]) if (other.startsWith(`${path}/`)) tree.delete(other);
  tree.set(path, file);
}

function anyPath(random: SeededRandom, tree: SyntheticTree): string {
  return random.pick([...tree.keys()]);
}

function anyDirectory(random: SeededRandom, tree: SyntheticTree): string | undefined {
  const directories = new Set<string>();
  for (const path of tree.keys()) {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      directories.add(path.slice(0, slash));
    }
  }
  return directories.size === 0 ? undefined : random.pick([...directories]);
}

function edited(random: SeededRandom, file: SyntheticFile, edits: number): SyntheticFile {
  if (file.mode === '160000') return { ...file, content: submoduleCommit(random) };
  if (file.mode === '120000') return { ...file, content: `${file.content}${random.below(3)}` };
  if (file.content.startsWith('\0')) return { ...file, content: syntheticBinary(random) };
  return { ...file, content: editedText(random, file.content, edits) };
}

function editFile(random: SeededRandom, tree: SyntheticTree): void {
  const path = anyPath(random, tree);
  tree.set(path, edited(random, tree.get(path)!, 1 + random.below(4)));
}

function addFile(random: SeededRandom, tree: SyntheticTree): void {
  const directory = anyDirectory(random, tree);
  const path =
    directory !== undefined && random.chance(0.6) ? `${directory}/${random.pick(fileNames)}` : undefined;
  put(tree, path ?? syntheticPath(random), syntheticFile(random));
}

function addCopy(random: SeededRandom, tree: SyntheticTree): void {
  const file = tree.get(anyPath(random, tree))!;
  put(tree, syntheticPath(random), random.chance(0.5) ? file : edited(random, file, 2));
}

function removeFile(random: SeededRandom, tree: SyntheticTree): void {
  tree.delete(anyPath(random, tree));
}

function renameFile(random: SeededRandom, tree: SyntheticTree): void {
  const from = anyPath(random, tree);
  const file = tree.get(from)!;
  const name = from.slice(from.lastIndexOf('/') + 1);
  const directory = anyDirectory(random, tree);
  tree.delete(from);
  const moved =
    directory !== undefined && random.chance(0.5) ? `${directory}/${name}` : syntheticPath(random);
  put(tree, moved, random.chance(0.5) ? file : edited(random, file, 1 + random.below(8)));
}

/** Moves the files of a directory for which `choose` names a new path. */
function moveFiles(
  random: SeededRandom,
  tree: SyntheticTree,
  directory: string,
  choose: (rest: string) => string | undefined,
): void {
  const inside = [...tree].filter(([path]) => path.startsWith(`${directory}/`));
  for (const [path] of inside) tree.delete(path);
  for (const [path, file] of inside) {
    const target = choose(path.slice(directory.length + 1));
    if (target !== undefined)
      put(tree, target, random.chance(0.25) ? edited(random, file, 1 + random.below(5)) : file);
  }
}

function renameDirectory(random: SeededRandom, tree: SyntheticTree): void {
  const directory = anyDirectory(random, tree);
  if (directory === undefined) return;
  const slash = directory.lastIndexOf('/');
  const parent = random.chance(0.6) ? directory.slice(0, slash + 1) : '';
  const target = `${parent}${random.pick(directoryNames)}${random.chance(0.5) ? random.below(5) : ''}`;
  const forgotten = random.chance(0.1);
  moveFiles(random, tree, directory, (rest) =>
    forgotten && random.chance(0.3) ? `${directory}/${rest}` : `${target}/${rest}`,
  );
}

function splitDirectory(random: SeededRandom, tree: SyntheticTree): void {
  const directory = anyDirectory(random, tree);
  if (directory === undefined) return;
  const targets = [random.pick(directoryNames), `${directory}2`, random.pick(directoryNames)];
  moveFiles(random, tree, directory, (rest) => `${random.pick(targets)}/${rest}`);
}

function removeDirectory(random: SeededRandom, tree: SyntheticTree): void {
  const directory = anyDirectory(random, tree);
  if (directory !== undefined) moveFiles(random, tree, directory, () => undefined);
}

/** Moves what is in a directory one level up. */
function flattenDirectory(random: SeededRandom, tree: SyntheticTree): void {
  const directory = anyDirectory(random, tree);
  if (directory === undefined) return;
  const parent = directory.slice(0, directory.lastIndexOf('/') + 1);
  moveFiles(random, tree, directory, (rest) => `${parent}${rest}`);
}

function changeMode(random: SeededRandom, tree: SyntheticTree): void {
  const path = anyPath(random, tree);
  const file = tree.get(path)!;
  if (file.mode === '100644') tree.set(path, { ...file, mode: '100755' });
  else if (file.mode === '100755') tree.set(path, { ...file, mode: '100644' });
}

function changeType(random: SeededRandom, tree: SyntheticTree): void {
  const path = anyPath(random, tree);
  const isLink = tree.get(path)!.mode === '120000';
  tree.set(
    path,
    isLink ? { mode: '100644', content: 'was a link\n' } : { mode: '120000', content: 'target' },
  );
}

function fileToDirectory(random: SeededRandom, tree: SyntheticTree): void {
  const path = anyPath(random, tree);
  const file = tree.get(path)!;
  tree.delete(path);
  put(tree, `${path}/${random.pick(fileNames)}`, random.chance(0.5) ? file : syntheticFile(random));
}

function directoryToFile(random: SeededRandom, tree: SyntheticTree): void {
  const directory = anyDirectory(random, tree);
  if (directory !== undefined) put(tree, directory, syntheticFile(random));
}

function changeAttributes(random: SeededRandom, tree: SyntheticTree): void {
  const directory = random.chance(0.6) ? undefined : anyDirectory(random, tree);
  const path = directory === undefined ? '.gitattributes' : `${directory}/.gitattributes`;
  put(tree, path, syntheticAttributes(random));
}
