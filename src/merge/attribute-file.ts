import { type AttributePattern, compilePattern } from './attribute-pattern.ts';

/** What a line says of an attribute: `attr`, `-attr`, `!attr` or `attr=value`. */
export type AttributeState = 'set' | 'unset' | 'unspecified' | { readonly value: string };

export interface AttributeSetting {
  readonly name: string;
  readonly state: AttributeState;
}

/** A line that says something of the files that a pattern matches. */
interface AttributeRule {
  readonly matches: AttributePattern;
  readonly settings: readonly AttributeSetting[];
}

/** What a `.gitattributes` says, in the order of its lines. */
export interface AttributeFile {
  readonly rules: readonly AttributeRule[];
  /** What stands for several attributes at once. */
  readonly macros: ReadonlyMap<string, readonly AttributeSetting[]>;
}

/** Git reads no line that is longer. In bytes, exclusive. */
const lineBytesMax = 2048;
const byteOrderMark = '\xef\xbb\xbf';
const macroPrefix = '[attr]';

/**
 * Reads an attributes file, as bytes. As in git, a line with anything invalid in it is left out as a whole, and only the
 * file at the root may define macros.
 */
export function parseAttributeFile(bytes: Uint8Array, place: 'root' | 'below'): AttributeFile {
  const rules: AttributeRule[] = [];
  const macros = new Map<string, readonly AttributeSetting[]>();
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  for (const line of (text.startsWith(byteOrderMark) ? text.slice(3) : text).split('\n')) {
    const parsed = parseLine(line);
    if (parsed === undefined) continue;
    const { pattern, settings } = parsed;
    if (pattern.startsWith(macroPrefix) && pattern.length > macroPrefix.length) {
      const name = /[^ \t\r\n]*/.exec(pattern.slice(macroPrefix.length).trimStart())![0];
      if (place === 'root' && isAttributeName(name)) macros.set(name, settings);
    } else if (!pattern.startsWith('!')) {
      const matches = compilePattern(pattern);
      if (matches !== undefined) rules.push({ matches, settings });
    }
  }
  return { rules, macros };
}

function parseLine(
  whole: string,
): { readonly pattern: string; readonly settings: AttributeSetting[] } | undefined {
  const line = whole.split('\0', 1)[0]!;
  const start = line.search(/[^ \t\r]/);
  if (start < 0 || line[start] === '#' || line.length >= lineBytesMax) return undefined;
  const content = line.slice(start);
  const { pattern, rest } = content.startsWith('"') ? unquote(content) : untilBlank(content);
  const settings: AttributeSetting[] = [];
  for (const word of rest.split(/[ \t\r]+/).filter(Boolean)) {
    const setting = parseSetting(word);
    if (setting === undefined) return undefined;
    settings.push(setting);
  }
  return { pattern, settings };
}

function untilBlank(content: string): { pattern: string; rest: string } {
  const pattern = /^[^ \t\r]*/.exec(content)![0];
  return { pattern, rest: content.slice(pattern.length) };
}

/** A pattern in quotes may have blanks in it. What is not quoted as git would do it is taken as it stands. */
function unquote(content: string): { pattern: string; rest: string } {
  const quoted = /^"((?:[^"\\]|\\(?:[abfnrtv"\\]|[0-3][0-7]{2}))*)"/.exec(content);
  if (quoted === null) return untilBlank(content);
  const pattern = quoted[1]!.replace(/\\(?:([0-7]{3})|(.))/g, (_, octal: string | undefined, char: string) =>
    octal === undefined ? (escapes[char] ?? char) : String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return { pattern, rest: content.slice(quoted[0].length) };
}

const escapes: Readonly<Record<string, string | undefined>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function parseSetting(word: string): AttributeSetting | undefined {
  const equals = word.indexOf('=');
  const prefix = word[0] === '-' || word[0] === '!' ? word[0] : '';
  const name = word.slice(prefix.length, equals < 0 ? undefined : equals);
  if (!isAttributeName(name)) return undefined;
  if (prefix === '-') return { name, state: 'unset' };
  if (prefix === '!') return { name, state: 'unspecified' };
  return { name, state: equals < 0 ? 'set' : { value: word.slice(equals + 1) } };
}

function isAttributeName(name: string): boolean {
  return /^[0-9A-Za-z_.][-0-9A-Za-z_.]*$/.test(name);
}
