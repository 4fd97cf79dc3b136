import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { hashOf } from '../base/hash.ts';
import type { Entry, FileEntry } from '../tree/entry.ts';
import { pathBytes, type TreePath } from '../tree/path.ts';
import { attributeRulesMax, attributesBytesMax, TreeAttributes } from './attributes.ts';
import type { TextDriver } from './merge-port.ts';

/** Attributes files by their directory, the root being `''`, as byte strings. */
type AttributeTexts = Readonly<Record<string, string>>;

function attributesOf(files: AttributeTexts, reads: string[] = []): TreeAttributes {
  const entries = new Map<string, Entry>();
  const contents = new Map<string, Buffer>();
  for (const [directory, text] of Object.entries(files)) {
    const bytes = Buffer.from(text, 'latin1');
    const entry: FileEntry = { type: 'file', mode: 0o644, size: bytes.length, hash: hashOf(bytes) };
    entries.set(directory === '' ? '.gitattributes' : `${directory}/.gitattributes`, entry);
    contents.set(entry.hash, bytes);
  }
  return new TreeAttributes({
    async entry(path) {
      reads.push(path);
      return entries.get(path);
    },
    readFile: async ({ hash }) => contents.get(hash)!,
  });
}

const driverOf = (files: AttributeTexts, path: string): Promise<TextDriver> =>
  attributesOf(files).textDriver(path as TreePath);

/** What git says of the same files, in a repository of its own. */
function gitDriversOf(root: string, files: AttributeTexts, paths: readonly string[]): TextDriver[] {
  const environment = { PATH: process.env.PATH, HOME: root, GIT_ATTR_NOSYSTEM: '1' };
  const options = {
    cwd: root,
    env: environment,
    stdio: ['pipe', 'pipe', 'ignore'] as ['pipe', 'pipe', 'ignore'],
  };
  execFileSync('git', ['init', '--quiet'], options);
  for (const [directory, text] of Object.entries(files)) {
    const file = Buffer.concat([Buffer.from(`${root}/`), pathBytes(`${directory}/.gitattributes`)]);
    mkdirSync(dirname(file.toString()), { recursive: true });
    writeFileSync(file, text, 'latin1');
  }
  const input = pathBytes(paths.map((path) => `${path}\0`).join(''));
  const answer = execFileSync('git', ['check-attr', '-z', '--stdin', 'merge'], { ...options, input });
  const values = answer.toString('latin1').split('\0');
  return paths.map((_, i) => {
    const value = values[i * 3 + 2];
    if (value === 'unset' || value === 'binary') return 'binary';
    return value === 'union' ? 'union' : 'text';
  });
}

function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-attributes-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

describe('attributes of a tree', () => {
  test('the states of merge', async () => {
    const files = {
      '': 'u merge=union\nb merge=binary\nx -merge\nm binary\nt merge\nt2 merge=text\nn !merge\nc merge=lfs\n',
    };
    const drivers = { u: 'union', b: 'binary', x: 'binary', m: 'binary', t: 'text', t2: 'text', n: 'text' };
    for (const [path, driver] of Object.entries({ ...drivers, c: 'text', other: 'text' }))
      assert.equal(await driverOf(files, path), driver, path);
  });

  test('later lines, later settings and deeper files win', async () => {
    const files = {
      '': '* merge=union\n*.txt -merge\n',
      a: '*.txt merge=binary merge=union',
      'a/b': '* !merge',
    };
    assert.equal(await driverOf(files, 'x.c'), 'union');
    assert.equal(await driverOf(files, 'x.txt'), 'binary');
    assert.equal(await driverOf(files, 'a/x.txt'), 'union');
    assert.equal(await driverOf(files, 'a/b/x.txt'), 'text');
    assert.equal(await driverOf(files, 'ab/x.txt'), 'binary');
  });

  test('macros are made at the root only, may hold others, and may be made anew', async () => {
    const files = {
      '': '[attr]both generated -diff\n[attr]generated merge=union\n[attr]binary -diff\na both\nb binary\nc x both\n',
      sub: '[attr]mine -merge\nd mine\ne generated\n',
    };
    assert.equal(await driverOf(files, 'a'), 'union');
    assert.equal(await driverOf(files, 'b'), 'text');
    assert.equal(await driverOf(files, 'c'), 'union');
    assert.equal(await driverOf(files, 'sub/d'), 'text');
    assert.equal(await driverOf(files, 'sub/e'), 'union');
  });

  test('macros that name each other come to an end', async () => {
    assert.equal(await driverOf({ '': '[attr]a b\n[attr]b a merge=union\nf a\n' }, 'f'), 'union');
  });

  test('a file is read once, and only those on the way are', async () => {
    const reads: string[] = [];
    const attributes = attributesOf({ '': '* -merge', b: '* merge' }, reads);
    await attributes.textDriver('a/x/f' as TreePath);
    await attributes.textDriver('a/g' as TreePath);
    assert.deepEqual(reads.sort(), ['.gitattributes', 'a/.gitattributes', 'a/x/.gitattributes']);
  });

  test('below a file that is too large nothing is merged by lines', async () => {
    const long = { sub: '# too long\n'.repeat(attributesBytesMax / 10) };
    assert.equal(await driverOf(long, 'sub/a/f'), 'binary');
    assert.equal(await driverOf(long, 'other'), 'text');
    const many = (count: number) => ({ '': 'f merge\n'.repeat(count) });
    assert.equal(await driverOf(many(attributeRulesMax), 'f'), 'text');
    assert.equal(await driverOf(many(attributeRulesMax + 1), 'f'), 'binary');
    assert.equal(await driverOf({ '': 'f text\n'.repeat(attributeRulesMax + 1) }, 'f'), 'text');
  });

  test('a pattern that is made to be slow is not', async () => {
    const stars = `${'*a'.repeat(500)}b`;
    assert.equal(await driverOf({ '': `${stars} -merge` }, 'a'.repeat(255)), 'text');
    const directories = `${'**/a/'.repeat(300)}b`;
    assert.equal(await driverOf({ '': `${directories} -merge` }, `${'a/'.repeat(2000)}c`), 'text');
  });
});

const word = fc.constantFrom('a', 'b', 'ab', 'a.txt', 'b.c', 'é', 'a b', 'x[1]', '-', '\\', '"q"', '*');
const paths = fc.array(word, { minLength: 1, maxLength: 4 }).map((segments) => bytesOf(segments.join('/')));
const patternPiece = fc.constantFrom(
  ...[
    'a',
    'b',
    'ab',
    '.txt',
    '.c',
    'é',
    ' ',
    '-',
    '*',
    '*',
    '**',
    '**',
    '?',
    '/',
    '/',
    '/',
    '\\',
    '\\*',
    '\\[',
  ],
  ...[
    '[ab]',
    '[!a]',
    '[^/]',
    '[a-c]',
    '[a/]',
    '[]a]',
    '[[:alpha:]]',
    '[[:nope:]]',
    '[',
    '[a-]',
    '[\\]]',
    '!',
    '#',
  ],
  ...['**/', '/**', '/**/', '*/', '\t', '"', '[[:punct:]x]', '[a', '[--/]'],
);
const patterns = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.array(patternPiece, { minLength: 1, maxLength: 5 }).map((p) => bytesOf(p.join(''))),
  },
  { weight: 1, arbitrary: paths },
  { weight: 1, arbitrary: paths.map((path) => `"${path.replace(/["\\]/g, '\\$&').replace('b', '\\142')}"`) },
  { weight: 1, arbitrary: paths.map((path) => `"${path}"`) },
);
const settings = fc.constantFrom(
  ...[
    '-merge',
    'merge',
    '!merge',
    'merge=union',
    'merge=binary',
    'merge=text',
    'merge=',
    'merge=other',
    'text',
  ],
  ...['binary', '-binary', '!binary', 'binary=1', 'mine', '-mine', 'outer', '-bad!', 'a=b=c', '-merge=union'],
);
const macros = fc.constantFrom(
  '[attr]mine',
  '[attr]outer mine',
  '[attr]binary',
  '[attr] mine',
  '[attr]-x',
  '[attr]',
);
const ends = fc.constantFrom('\n', '\n', '\n', '\r\n', '\n\n', ' \n', '\n# c\n', '\0x\n', '\f\n');
const lines = fc
  .tuple(
    fc.constantFrom('', '', '', ' ', '\t', '#'),
    fc.oneof({ weight: 6, arbitrary: patterns }, { weight: 1, arbitrary: macros }),
    fc.array(settings, { maxLength: 3 }),
    ends,
  )
  .map(([indent, pattern, set, end]) => `${indent}${pattern} ${set.join(' ')}${end}`);
const texts = fc
  .tuple(fc.constantFrom('', '', '\xef\xbb\xbf'), fc.array(lines, { minLength: 1, maxLength: 12 }))
  .map(([mark, all]) => mark + all.join(''));

function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

test('what attributes say is what git check-attr says', async (t) => {
  const base = scratch(t);
  let run = 0;
  const seen = new Map<TextDriver, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        '': texts,
        a: fc.option(texts, { nil: '' }),
        'a/ab': fc.option(texts, { nil: '' }),
        b: texts,
      }),
      fc.array(paths, { minLength: 40, maxLength: 80 }),
      async (files, asked) => {
        const root = join(base, String(run++));
        mkdirSync(root);
        const attributes = attributesOf(files);
        const expected = gitDriversOf(root, files, asked);
        for (const driver of expected) seen.set(driver, (seen.get(driver) ?? 0) + 1);
        for (const [i, path] of asked.entries())
          assert.equal(await attributes.textDriver(path as TreePath), expected[i], JSON.stringify(path));
      },
    ),
    { numRuns: 60 },
  );
  assert.ok(seen.has('binary') && seen.has('union'));
});
