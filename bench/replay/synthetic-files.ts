import type { SeededRandom } from './seeded-random.ts';

/** A file, symlink or submodule as git has it. `content` is a byte string; of a submodule, the id of its commit. */
export interface SyntheticFile {
  readonly mode: '100644' | '100755' | '120000' | '160000';
  readonly content: string;
}

/** The files of a tree by their path. */
export type SyntheticTree = Map<string, SyntheticFile>;

const words = [
  'get',
  'set',
  'item',
  'node',
  'list',
  'size',
  'next',
  'value',
  'index',
  'return',
  'open',
  'close',
];
const frequentLines = ['', '', '}', '  }', '  break;', '', '// ---', 'end'];

/** A line of source-like text; some lines are frequent, most are rare. */
function syntheticLine(random: SeededRandom): string {
  if (random.chance(0.35)) return random.pick(frequentLines);
  return `${'  '.repeat(random.below(3))}${random.pick(words)}(${random.pick(words)}, ${random.below(60)});`;
}

export function syntheticText(random: SeededRandom, lineCount: number): string {
  return withEnd(
    random,
    Array.from({ length: lineCount }, () => syntheticLine(random)),
    random.chance(0.1) ? '\r\n' : '\n',
  );
}

function withEnd(random: SeededRandom, lines: readonly string[], ending: string): string {
  const text = lines.map((line) => line + ending).join('');
  return random.chance(0.08) ? text.slice(0, -ending.length) : text;
}

/** The text with `edits` places changed: lines added, removed, replaced or moved. */
export function editedText(random: SeededRandom, text: string, edits: number): string {
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(ending);
  const hadEnd = lines.at(-1) === '';
  if (hadEnd) lines.pop();
  for (let edit = 0; edit < edits; edit++) {
    const at = random.below(lines.length + 1);
    const added = () => Array.from({ length: random.below(4) }, () => syntheticLine(random));
    const kind = random.fraction();
    if (kind < 0.3) lines.splice(at, 0, ...added());
    else if (kind < 0.5) lines.splice(at, random.below(4));
    else if (kind < 0.9) lines.splice(at, 1 + random.below(3), ...added());
    else lines.splice(random.below(lines.length + 1), 0, ...lines.splice(at, random.below(8)));
  }
  const newEnding = random.chance(0.02) ? (ending === '\n' ? '\r\n' : '\n') : ending;
  const result = lines.map((line) => line + newEnding).join('');
  return hadEnd && !random.chance(0.04) ? result : result.slice(0, -newEnding.length);
}

/** Bytes that git does not take for text. */
export function syntheticBinary(random: SeededRandom): string {
  const bytes = Array.from({ length: 20 + random.below(200) }, () => String.fromCharCode(random.below(256)));
  return `\0${bytes.join('')}`;
}

/** Any kind of file, mostly text. */
export function syntheticFile(random: SeededRandom): SyntheticFile {
  const kind = random.fraction();
  if (kind < 0.04) return { mode: '120000', content: `${random.pick(words)}/${random.pick(words)}` };
  if (kind < 0.06) return { mode: '160000', content: submoduleCommit(random) };
  if (kind < 0.1) return { mode: '100644', content: syntheticBinary(random) };
  if (kind < 0.14) return { mode: '100644', content: '' };
  const mode = random.chance(0.15) ? '100755' : '100644';
  return { mode, content: syntheticText(random, random.pick([2, 6, 15, 40, 100])) };
}

export function submoduleCommit(random: SeededRandom): string {
  return (1 + random.below(3)).toString(16).repeat(39) + random.below(4).toString(16);
}

const attributePatterns = [
  '*',
  '*.c',
  '*.c',
  'src/**',
  '**/a',
  'lib/*',
  '/x',
  '[xyz]*',
  '**/ui/*',
  '/**/core/**',
];
const attributeSettings = [
  'merge=union',
  'merge=union',
  '-merge',
  'binary',
  '!merge',
  'merge=other',
  'own',
  'text',
];

/** A `.gitattributes` that says this and that of merging. */
export function syntheticAttributes(random: SeededRandom): SyntheticFile {
  const lines = Array.from(
    { length: 1 + random.below(4) },
    () => `${random.pick(attributePatterns)} ${random.pick(attributeSettings)}\n`,
  );
  if (random.chance(0.3)) lines.unshift(`[attr]own ${random.pick(attributeSettings)}\n`);
  return { mode: '100644', content: lines.join('') };
}
