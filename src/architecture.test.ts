import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, test } from 'node:test';
import { forbiddenImports, rooms } from './architecture.ts';

const root = import.meta.dirname;

function sourceFiles(): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.split(sep).join('/'));
}

/** Every relative import of a file, as paths from `src/`. */
function importsOf(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  const specifiers = text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
  return Array.from(specifiers, ([, specifier]) =>
    relative(root, resolve(root, dirname(path), specifier!))
      .split(sep)
      .join('/'),
  );
}

describe('the house', () => {
  test('has exactly the rooms of the table', () => {
    const found = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    assert.deepEqual(found.map(({ name }) => name).sort(), Object.keys(rooms).sort());
  });

  test('has no import that goes up or around', () => {
    const all = sourceFiles().map((path) => ({ path, imports: importsOf(path) }));
    assert.ok(all.length > 100);
    assert.deepEqual(forbiddenImports(all), []);
  });

  test('would notice one that does', () => {
    const wrong = [
      { path: 'tree/node.ts', imports: ['session/session.ts'] },
      { path: 'session/start.ts', imports: ['ledger/object/object-ledger.ts'] },
      { path: 'blob/file.ts', imports: ['tree/node.ts', 'base/hash.ts'] },
      { path: 'base/clock.ts', imports: ['storage/backoff.ts'] },
      { path: 'cli/land.ts', imports: ['../bin/mic.mjs'] },
    ];
    assert.deepEqual(
      forbiddenImports(wrong),
      wrong.map(({ path, imports }) => `${path} imports ${imports[0]}`),
    );
  });

  test('has no drawer for odds and ends', () => {
    const drawers = /(^|\/)(utils?|helpers?|common|misc|types)(\.ts|\/)/;
    assert.deepEqual(
      sourceFiles().filter((path) => drawers.test(path)),
      [],
    );
  });

  test('has no file that a reader cannot take in', () => {
    const long = sourceFiles().filter(
      (path) => readFileSync(join(root, path), 'utf8').split('\n').length > 500,
    );
    assert.deepEqual(long, []);
  });

  test('reads its surroundings in one place', () => {
    const readers = sourceFiles().filter(
      (path) => !path.endsWith('.test.ts') && /process\.env/.test(readFileSync(join(root, path), 'utf8')),
    );
    assert.deepEqual(
      readers.filter((path) => !path.includes('workload')),
      [],
    );
  });

  test('is what ARCHITECTURE.md says', () => {
    const text = readFileSync(join(root, '../ARCHITECTURE.md'), 'utf8');
    for (const [room, { imports }] of Object.entries(rooms)) {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${room}/\` |`));
      assert.ok(row, `ARCHITECTURE.md has no row for ${room}/`);
      const listed = row
        .split('|')[3]!
        .split(',')
        .map((word) => word.replaceAll('`', '').trim())
        .filter((word) => word !== '–');
      assert.deepEqual(listed, imports, `${room}/ in ARCHITECTURE.md`);
    }
  });
});
