import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseHash } from '../../base/hash.ts';
import { parseProjectName } from '../../session/project-name.ts';
import { parseSessionId } from '../../session/session-id.ts';
import type { ServedId } from '../../workspace/mount/file-server-port.ts';
import {
  exportPath,
  exportRecordText,
  parseExportRecord,
  type SessionExport,
  type TreeExport,
} from './export-record.ts';
import { ExportRegistry } from './export-registry.ts';

const tree = parseHash('ab'.repeat(32));
const uid = process.getuid!();

function sessionExport(number: number, more: Partial<SessionExport> = {}): SessionExport {
  return {
    kind: 'session',
    id: String(number).padStart(32, '0') as ServedId,
    store: '/home/ada/store',
    project: parseProjectName('acme/web'),
    session: parseSessionId('sess-4k2m9x7qw0ab'),
    tree,
    owner: { uid: 1000, gid: 1000 },
    startedMs: 1_767_225_600_000,
    secret: '0123456789abcdefghjkmnpqrs',
    state: 'served',
    directory: '/home/ada/web',
    agreed: tree,
    recorded: tree,
    ...more,
  };
}

/** A tree, served from the same store. */
function treeExport(number: number): TreeExport {
  const { id, store, project, owner, startedMs } = sessionExport(number);
  return { kind: 'tree', id, store, project, tree, owner, startedMs };
}

function root(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-exports-'));
  context.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'mounts');
}

function open(path: string): { registry: ExportRegistry; unknown: string[] } {
  const unknown: string[] = [];
  return { registry: ExportRegistry.open(path, uid, (directory) => unknown.push(directory)), unknown };
}

test('what was put is there again after the process has died', async (context) => {
  const path = root(context);
  const { registry } = open(path);
  await registry.put(sessionExport(1));
  await registry.put(treeExport(2));
  await registry.change(sessionExport(1).id, { secret: 'another' });
  const again = open(path).registry;
  assert.deepEqual([...again], [...registry]);
  assert.equal(again.get(sessionExport(1).id)?.kind, 'session');
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(statSync(join(path, sessionExport(1).id, 'export.json')).mode & 0o777, 0o600);
});

test('a path leads to what is served, and to nothing else', async (context) => {
  const { registry } = open(root(context));
  const [served, copied] = [sessionExport(1), sessionExport(2, { store: '/copy', secret: 'z'.repeat(26) })];
  await registry.put(served);
  await registry.put(copied);
  await registry.put(treeExport(3));
  assert.equal(registry.resolve(exportPath(served))?.id, served.id);
  assert.equal(registry.resolve(`${exportPath(copied)}/`)?.id, copied.id);
  assert.equal(registry.resolve(`/exports/trees/${tree}`)?.kind, 'tree');
  const { session, secret } = served;
  for (const path of [
    '/exports/sessions',
    `/exports/sessions/${session}`,
    `/exports/sessions/${session}/`,
    `/exports/sessions/${session}/${secret.slice(1)}`,
    `/exports/sessions/${session}/${secret}x`,
    `/exports/sessions/${session}/${secret}/a.txt`,
    `/exports/sessions//${secret}`,
    `/exports/sessions/../sessions/${session}/${secret}`,
    `/exports/trees/${tree}/${secret}`,
    `/exports/trees/${'0'.repeat(64)}`,
    `//exports/trees/${tree}`,
    '',
  ])
    assert.equal(registry.resolve(path), undefined, path);
  await registry.change(served.id, { state: 'detached' });
  assert.equal(registry.resolve(exportPath(served)), undefined);
});

test('sessions of the same name in two stores are two', async (context) => {
  const { registry } = open(root(context));
  await registry.put(sessionExport(1));
  await registry.put(sessionExport(2, { store: '/copy' }));
  const { session } = sessionExport(1);
  assert.equal(registry.findSession('/copy', session)?.id, sessionExport(2).id);
  await registry.remove(sessionExport(2).id);
  assert.equal(registry.findSession('/copy', session), undefined);
  assert.equal(registry.findSession('/home/ada/store', session)?.id, sessionExport(1).id);
  assert.equal(await registry.change(sessionExport(2).id, { secret: '' }), undefined);
});

test('what is removed is gone with all that lies there', async (context) => {
  const path = root(context);
  const { registry } = open(path);
  await registry.put(sessionExport(1));
  mkdirSync(join(path, sessionExport(1).id, 'files', 'deep'), { recursive: true });
  await registry.remove(sessionExport(1).id);
  assert.deepEqual(readdirSync(path), []);
  assert.equal(registry.size, 0);
});

test('what is not understood is left alone, and named', async (context) => {
  const path = root(context);
  const first = open(path).registry;
  await first.put(sessionExport(1));
  const future = join(path, 'f'.repeat(32));
  mkdirSync(future);
  writeFileSync(
    join(future, 'export.json'),
    exportRecordText(sessionExport(1)).replace('"version": 1', '"version": 2'),
  );
  mkdirSync(join(path, 'e'.repeat(32)));
  const { registry, unknown } = open(path);
  assert.deepEqual(unknown, [future]);
  assert.equal(registry.size, 1);
  assert.ok(statSync(future).isDirectory());
});

test('docs/formats/file-server.md has a record as it is written', () => {
  const page = readFileSync(new URL('../../../docs/formats/file-server.md', import.meta.url), 'utf8');
  const vector = /```json\n([^`]*)```/.exec(page)![1]!;
  assert.deepEqual(parseExportRecord(vector), sessionExport(1, { id: 'c0ffee'.padEnd(32, '0') as ServedId }));
  assert.equal(exportRecordText(parseExportRecord(vector)!), vector);
});
