import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  ancestorsOf,
  baseName,
  type FileName,
  isFileName,
  isTreePath,
  joinPath,
  parentPath,
  pathBytes,
  pathFromShown,
  pathFromText,
  type TreePath,
  textFromPath,
} from './path.ts';

/** Any bytes, with those more often that are special to somebody. */
const byteStrings = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('\\/x0\n\x1b.é😀'))), {
    maxLength: 40,
  })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

const texts = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => pathFromText(text) as string);

describe('the text of a path', () => {
  test('tells all paths apart, and gives them back', () => {
    fc.assert(
      fc.property(fc.oneof(byteStrings, texts), (path) => {
        assert.equal(pathFromShown(textFromPath(path)), path);
      }),
      { numRuns: 2000 },
    );
  });

  test('never has what a terminal obeys', () => {
    fc.assert(
      fc.property(fc.oneof(byteStrings, texts), (path) => {
        assert.doesNotMatch(
          textFromPath(path),
          /[\p{Cc}\u2028\u2029\u{200e}\u{200f}\u202a-\u202e\u2066-\u2069\ufffe]/u,
        );
      }),
      { numRuns: 2000 },
    );
  });

  test('is what people wrote, where that is harmless', () => {
    for (const name of ['README.md', 'src/größe.ts', '日本語/📁', 'with space', "it's"])
      assert.equal(textFromPath(pathFromText(name)), name);
    assert.equal(textFromPath('a\nb'), 'a\\x0ab');
    assert.equal(textFromPath('back\\slash'), 'back\\\\slash');
    assert.equal(textFromPath('caf\xe9'), 'caf\\xe9');
    assert.equal(textFromPath(pathFromText('exe.\u202etxt')), 'exe.\\xe2\\x80\\xaetxt');
    assert.equal(textFromPath('\x1b[2J'), '\\x1b[2J');
  });
});

describe('a tree path', () => {
  const names = fc
    .string({ unit: fc.constantFrom('a', '.', '\xff', ' ', '-'), minLength: 1, maxLength: 5 })
    .filter(isFileName);

  test('has names that a file can have', () => {
    fc.assert(
      fc.property(fc.array(names, { minLength: 1, maxLength: 6 }), (segments) => {
        const path = segments.join('/') as TreePath;
        assert.ok(isTreePath(path));
        assert.equal(joinPath(parentPath(path), baseName(path)), path);
        assert.deepEqual(
          [...ancestorsOf(path)],
          segments
            .map((_, i) => segments.slice(0, i).join('/'))
            .slice(1)
            .reverse(),
        );
      }),
    );
  });

  test('leads nowhere else', () => {
    const wrong = ['', '.', '..', '/a', 'a/', 'a//b', './a', 'a/.', '../a', 'a/../b', 'a/..', 'a\0b', 'a/\0'];
    for (const path of wrong) assert.equal(isTreePath(path), false, JSON.stringify(path));
    for (const path of ['...', '..a', 'a..', '.git', '~', 'a\\b', '\xff', '-', ' '])
      assert.ok(isTreePath(path), path);
  });

  test('has names of 255 bytes and 4095 bytes in all, at most', () => {
    assert.ok(isFileName('n'.repeat(255)) && !isFileName('n'.repeat(256)));
    const long = `${'a/'.repeat(2047)}b`;
    assert.ok(long.length === 4095 && isTreePath(long) && !isTreePath(`${long}b`));
  });

  test('is bytes: a text that was not turned into them is none', () => {
    assert.ok(!isFileName('日本語') && isFileName(pathFromText('日本語') as string as FileName));
    assert.deepEqual(pathBytes(pathFromText('é')), Buffer.from([0xc3, 0xa9]));
  });
});
