/**
 * Whether a pattern of an attributes file matches a file, given by its path below the directory of that file. Paths and
 * patterns are byte strings.
 */
export type AttributePattern = (path: string) => boolean;

/** Matches one byte of a name. */
type ByteToken = (byte: number) => boolean;

/** What one name of a path must look like; `star` stands for any bytes, none included. */
type NameGlob = readonly (ByteToken | 'star')[];

/** What a path must look like, name by name; `names` stands for any names, none included. */
type PathGlob = readonly (NameGlob | 'names')[];

const anyName: NameGlob = ['star'];
const firstSpecial = /[*?[\\]/;
const wholeNames = /\*\*+(?=\/|$)/y;
const namedSet = /\[:([^\]]*):\]/y;

/**
 * Compiles a pattern as git reads it: like one of `.gitignore`, but without negation, and a pattern for a directory
 * says nothing of what is inside. Undefined for a pattern that no file can match. Matching takes no longer than the
 * product of both lengths.
 */
export function compilePattern(pattern: string): AttributePattern | undefined {
  if (pattern === '' || pattern.endsWith('/')) return undefined;
  if (!pattern.includes('/')) {
    const glob = nameGlob(pattern);
    return glob && ((path) => nameMatches(glob, path.slice(path.lastIndexOf('/') + 1)));
  }
  const anchored = pattern.startsWith('/') ? pattern.slice(1) : pattern;
  const special = anchored.search(firstSpecial);
  if (special < 0) return (path) => path === anchored;
  // Git reads what follows the literal beginning as a pattern of its own: `a**` matches below `ab/` as well.
  const prefix = anchored.slice(0, special);
  const glob = pathGlob(anchored.slice(special));
  return glob && ((path) => path.startsWith(prefix) && pathMatches(glob, path.slice(prefix.length)));
}

function matchAt(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

function nameGlob(pattern: string): NameGlob | undefined {
  const glob = pathGlob(pattern)?.[0];
  return glob === 'names' ? anyName : glob;
}

function pathGlob(pattern: string): PathGlob | undefined {
  const names: (NameGlob | 'names')[] = [];
  let name: (ByteToken | 'star')[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const stars = name.length === 0 ? matchAt(wholeNames, pattern, at)?.[0] : undefined;
    if (stars !== undefined) {
      names.push('names');
      at += stars.length;
      // At the end it stands for at least one name.
      if (at === pattern.length) return [...names, anyName];
      continue;
    }
    const char = pattern[at]!;
    if (char === '/') {
      names.push(name);
      name = [];
    } else if (char === '*') {
      if (name.at(-1) !== 'star') name.push('star');
    } else if (char === '?') {
      name.push(() => true);
    } else if (char === '[') {
      const set = byteSet(pattern, at + 1);
      if (set === undefined) return undefined;
      name.push(set.token);
      at = set.end;
    } else {
      const literal = char === '\\' ? pattern.charCodeAt(++at) : char.charCodeAt(0);
      if (Number.isNaN(literal)) return undefined;
      name.push((byte) => byte === literal);
    }
  }
  return [...names, name];
}

/**
 * The set in brackets whose content begins at `start`, and where its closing bracket is; undefined when it is not
 * closed, or names a class that there is none of.
 */
function byteSet(pattern: string, start: number): { token: ByteToken; end: number } | undefined {
  let at = start;
  const negated = pattern[at] === '!' || pattern[at] === '^';
  if (negated) at++;
  const members: ByteToken[] = [];
  let previous: number | undefined;
  for (let first = true; first || pattern[at] !== ']'; first = false, at++) {
    const isRange = pattern[at] === '-' && previous !== undefined && pattern[at + 1] !== ']';
    const named = matchAt(namedSet, pattern, at);
    if (isRange) at++;
    if (named !== null) {
      const known = namedSets[named[1]!];
      if (known === undefined) return undefined;
      members.push((byte) => known.test(String.fromCharCode(byte)));
      at += named[0].length - 1;
      previous = undefined;
      continue;
    }
    if (pattern[at] === '\\') at++;
    if (at >= pattern.length) return undefined;
    const byte = pattern.charCodeAt(at);
    const from = isRange ? previous! : byte;
    members.push((candidate) => candidate >= from && candidate <= byte);
    previous = isRange ? undefined : byte;
  }
  return { token: (byte) => members.some((member) => member(byte)) !== negated, end: at };
}

/** As git knows them: of ASCII only, and without the vertical spaces. */
const namedSets: Readonly<Record<string, RegExp | undefined>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  cntrl: /[\x00-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

function pathMatches(glob: PathGlob, path: string): boolean {
  const names = path.split('/');
  return matches(glob, names, 'names', (part, name) => part !== 'names' && nameMatches(part, name));
}

function nameMatches(glob: NameGlob, name: string): boolean {
  return matches(glob, Buffer.from(name, 'latin1'), 'star', (token, byte) => token !== 'star' && token(byte));
}

/** Whether a sequence matches, where `wild` stands for any number of items. Only the last `wild` is ever tried again. */
function matches<Part, Item>(
  glob: readonly Part[],
  items: ArrayLike<Item>,
  wild: Part,
  one: (part: Part, item: Item) => boolean,
): boolean {
  let part = 0;
  let item = 0;
  let retryPart = -1;
  let retryItem = 0;
  while (item < items.length) {
    if (part < glob.length && glob[part] === wild) {
      retryPart = ++part;
      retryItem = item;
    } else if (part < glob.length && one(glob[part]!, items[item]!)) {
      part++;
      item++;
    } else if (retryPart >= 0) {
      part = retryPart;
      item = ++retryItem;
    } else {
      return false;
    }
  }
  while (glob[part] === wild) part++;
  return part === glob.length;
}
