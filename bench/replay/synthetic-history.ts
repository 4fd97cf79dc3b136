import { SeededRandom } from './seeded-random.ts';
import { changeTree, syntheticTree } from './synthetic-changes.ts';
import { editedText, type SyntheticTree, syntheticAttributes, syntheticText } from './synthetic-files.ts';

export interface SyntheticHistoryOptions {
  readonly seed: number;
  readonly merges: number;
  /** About how many files the trees have. */
  readonly files: number;
  /** At most how many changes a side makes. */
  readonly changesMax: number;
}

/**
 * A history of random merges as a stream for `git fast-import`: each merge has a base, two sides that changed it, and
 * a merge commit, and is the parent of the next base. The branch is `main`.
 */
export function syntheticHistory({ seed, merges, files, changesMax }: SyntheticHistoryOptions): Buffer {
  const random = new SeededRandom(seed);
  const stream = new FastImport();
  for (let merge = 0; merge < merges; merge++) {
    const base = syntheticTree(random, Math.max(1, random.below(files * 2)));
    const baseMark = stream.commit(base, stream.lastMark === 0 ? [] : [stream.lastMark]);
    const ours = new Map(base);
    if (random.chance(0.3)) changeTree(random, ours, 1 + random.below(4));
    const theirs = random.chance(0.5) ? new Map(base) : new Map(ours);
    changeTree(random, ours, random.below(changesMax + 1));
    changeTree(random, theirs, random.below(changesMax + 1));
    const oursMark = stream.commit(ours, [baseMark]);
    const theirsMark = stream.commit(theirs, [baseMark]);
    stream.commit(ours, [oursMark, theirsMark]);
  }
  return stream.end();
}

/**
 * A history like `syntheticHistory`'s, but of merges in which attributes decide: there are attributes files everywhere,
 * and both sides edit one and the same file, and sometimes the attributes.
 */
export function attributesHistory(seed: number, merges: number): Buffer {
  const random = new SeededRandom(seed);
  const stream = new FastImport();
  const paths = [
    'x',
    'a',
    'main.c',
    'src/a',
    'src/x.c',
    'lib/b',
    'lib/core/b.c',
    'src/ui/y',
    'docs/core/ui/z',
  ];
  for (let merge = 0; merge < merges; merge++) {
    const base: SyntheticTree = new Map();
    for (const path of paths) base.set(path, { mode: '100644', content: syntheticText(random, 12) });
    const attributesPath = () => random.pick(['', '', 'src/', 'lib/', 'docs/core/']).concat('.gitattributes');
    for (let file = random.below(3); file >= 0; file--)
      base.set(attributesPath(), syntheticAttributes(random));
    const baseMark = stream.commit(base, stream.lastMark === 0 ? [] : [stream.lastMark]);
    const path = random.pick(paths);
    const sides = ['ours', 'theirs'].map(() => {
      const tree = new Map(base);
      tree.set(path, { mode: '100644', content: editedText(random, base.get(path)!.content, 1) });
      if (random.chance(0.2)) tree.set(attributesPath(), syntheticAttributes(random));
      return tree;
    });
    const marks = sides.map((tree) => stream.commit(tree, [baseMark]));
    stream.commit(sides[0]!, marks);
  }
  return stream.end();
}

/** Writes commits with whole trees, as `git fast-import` reads them. */
export class FastImport {
  readonly #parts: Buffer[] = [];
  lastMark = 0;

  /** Adds a commit and returns its mark, which names it as a parent. */
  commit(tree: SyntheticTree, parents: readonly number[]): number {
    const mark = ++this.lastMark;
    this.#write(`commit refs/heads/main\nmark :${mark}\ncommitter A <a@example.org> ${mark} +0000\ndata 0\n`);
    const [first, ...others] = parents;
    if (first !== undefined) this.#write(`from :${first}\n`);
    for (const parent of others) this.#write(`merge :${parent}\n`);
    this.#write('deleteall\n');
    for (const [path, { mode, content }] of tree) {
      const quoted = `"${path.replace(/["\\]/g, '\\$&')}"`;
      if (mode === '160000') {
        this.#write(`M ${mode} ${content} ${quoted}\n`);
      } else {
        this.#write(`M ${mode} inline ${quoted}\ndata ${content.length}\n${content}\n`);
      }
    }
    this.#write('\n');
    return mark;
  }

  end(): Buffer {
    this.#write('done\n');
    return Buffer.concat(this.#parts);
  }

  #write(text: string): void {
    this.#parts.push(Buffer.from(text, 'latin1'));
  }
}
