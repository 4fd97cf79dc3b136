import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, test } from 'node:test';

const root = import.meta.dirname;

/**
 * The rooms of the house, top floor first, and what each may import from. `ARCHITECTURE.md` says what they are for; the
 * tests below hold the code and that page to this table.
 */
const rooms: Readonly<Record<string, { readonly imports: readonly string[] }>> = {
  cli: { imports: ['app', 'agents', 'workspace', 'session', 'merge', 'git', 'tree', 'base'] },
  app: {
    imports: [
      'agents',
      'workspace',
      'ledger',
      'session',
      'nfs',
      'vfs',
      'git',
      'tree',
      'blob',
      'storage',
      'base',
    ],
  },
  agents: { imports: ['session', 'storage', 'base'] },
  workspace: { imports: ['session', 'vfs', 'git', 'tree', 'blob', 'storage', 'base'] },
  ledger: { imports: ['session', 'git', 'tree', 'storage', 'base'] },
  session: { imports: ['merge', 'tree', 'blob', 'storage', 'base'] },
  nfs: { imports: ['vfs', 'base'] },
  vfs: { imports: ['tree', 'blob', 'storage', 'base'] },
  merge: { imports: ['tree', 'base'] },
  git: { imports: ['tree', 'blob', 'storage', 'base'] },
  tree: { imports: ['blob', 'base'] },
  blob: { imports: ['storage', 'base'] },
  storage: { imports: ['base'] },
  base: { imports: [] },
};

/** The imports that the table does not allow, a line each. Paths are from `src/`. */
function forbiddenImports(
  files: readonly { readonly path: string; readonly imports: readonly string[] }[],
): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.filter((to) => !isAllowed(path, to)).map((to) => `${path} imports ${to}`),
  );
}

function isAllowed(from: string, to: string): boolean {
  const [room, target] = [roomOf(from), roomOf(to)];
  // What stands beside the rooms is about all of them: this table and its test.
  if (room === undefined) return true;
  if (room === target) return true;
  // Tests may stand on any store.
  const floor = from.endsWith('.test.ts')
    ? [...(rooms[room]?.imports ?? []), 'storage', 'base']
    : rooms[room]?.imports;
  return target !== undefined && (floor?.includes(target) ?? false);
}

function roomOf(path: string): string | undefined {
  const slash = path.indexOf('/');
  return slash < 0 || path.startsWith('..') ? undefined : path.slice(0, slash);
}

/** What only tests run. */
const testing = /\.test\.ts$|\.conformance\.ts$|-workload\.ts$|\/scratch-|\/fixtures|architecture/;

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
    const readers = sourceFiles().filter((path) =>
      /process\.env\b/.test(readFileSync(join(root, path), 'utf8')),
    );
    assert.deepEqual(
      readers.filter((path) => !testing.test(path)),
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
