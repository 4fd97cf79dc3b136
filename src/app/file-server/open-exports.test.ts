import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseHash } from '../../base/hash.ts';
import type { ExportId } from '../../nfs/exports.ts';
import { parseProjectName } from '../../session/project-name.ts';
import { parseSessionId } from '../../session/session-id.ts';
import type { FileSystem } from '../../vfs/file-system.ts';
import type { ServedId } from '../../workspace/mount/file-server-port.ts';
import type { SessionExport } from './export-record.ts';
import { ExportRegistry } from './export-registry.ts';
import { OpenExports } from './open-exports.ts';

const tree = parseHash('ab'.repeat(32));

function record(number: number): SessionExport {
  return {
    kind: 'session',
    id: String(number).padStart(32, '0') as ServedId,
    store: '/store',
    project: parseProjectName('acme/web'),
    session: parseSessionId(`sess-${String(number).padStart(12, '0')}`),
    ...{ tree, agreed: tree, recorded: tree },
    owner: { uid: 1000, gid: 1000 },
    startedMs: 0,
    secret: 'secret',
    state: 'served',
    directory: '/work',
  };
}

const exportId = (number: number): ExportId => record(number).id as string as ExportId;

/** Three sessions that are served, and what happens to their file systems. */
async function setUp(context: TestContext, limits: { idleMsMax?: number; openMax?: number } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-open-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const registry = ExportRegistry.open(directory, process.getuid!(), () => assert.fail());
  for (const number of [1, 2, 3]) await registry.put(record(number));
  const clock = { ms: 1000, now: () => clock.ms };
  const events: string[] = [];
  const failing = new Set<string>();
  const failures: unknown[] = [];
  const exports = new OpenExports({
    registry,
    clock,
    open: async ({ id }) => {
      await new Promise(setImmediate);
      if (failing.has(id)) throw new Error('cannot open');
      const name = String(Number(id));
      events.push(`open ${name}`);
      return {
        fileSystem: {
          root: Number(id),
          sync: async () => {
            if (failing.has(id)) throw new Error('cannot sync');
            events.push(`synced ${name}`);
          },
        } as unknown as FileSystem,
        close: async () => {
          events.push(`closing ${name}`);
          await new Promise(setImmediate);
          events.push(`closed ${name}`);
          if (failing.has(id)) throw new Error('cannot close');
        },
      };
    },
    onFailure: (_, error) => failures.push(error),
    idleMsMax: limits.idleMsMax ?? 100,
    openMax: limits.openMax ?? 10,
  });
  return { registry, exports, clock, events, failing, failures };
}

test('a file system is opened once, when somebody asks, and then is there at once', async (context) => {
  const { exports, events } = await setUp(context);
  const [a, b] = [exports.fileSystem(exportId(1)), exports.fileSystem(exportId(1))];
  assert.ok(a instanceof Promise);
  assert.equal(await a, await b);
  assert.equal(exports.fileSystem(exportId(1)), await a);
  assert.deepEqual(events, ['open 1']);
  assert.equal(exports.fileSystem('f'.repeat(32) as ExportId), undefined);
});

test('one that nobody uses is closed, and opened again for the next', async (context) => {
  const { exports, clock, events } = await setUp(context);
  await exports.fileSystem(exportId(1));
  await exports.fileSystem(exportId(2));
  clock.ms += 80;
  exports.fileSystem(exportId(2));
  clock.ms += 80;
  await exports.closeIdle();
  assert.deepEqual(exports.ids, [record(2).id]);
  await exports.fileSystem(exportId(1));
  assert.deepEqual(events, ['open 1', 'open 2', 'closing 1', 'closed 1', 'open 1']);
});

test('who asks while it is being closed gets it when it has been', async (context) => {
  const { exports, events } = await setUp(context);
  await exports.fileSystem(exportId(1));
  const closed = exports.close(exportId(1));
  const asked = exports.fileSystem(exportId(1));
  assert.ok(asked instanceof Promise);
  assert.ok((await asked) !== undefined);
  await closed;
  assert.deepEqual(events, ['open 1', 'closing 1', 'closed 1', 'open 1']);
  assert.equal(exports.fileSystem(exportId(1)), await asked);
});

test('when too many are open, those go that were used least lately, but none at work', async (context) => {
  const { exports, clock } = await setUp(context, { openMax: 1, idleMsMax: 1_000_000 });
  const working = Promise.withResolvers<void>();
  const work = exports.use(record(1), () => working.promise);
  for (const number of [2, 3]) {
    clock.ms++;
    await exports.fileSystem(exportId(number));
  }
  await exports.closeIdle();
  assert.deepEqual(exports.ids, [record(1).id]);
  working.resolve();
  await work;
  await exports.closeAll();
  assert.deepEqual(exports.ids, []);
});

test('what cannot be opened fails for whoever asked, and is tried again', async (context) => {
  const { exports, failing } = await setUp(context);
  failing.add(record(1).id);
  await assert.rejects(async () => exports.fileSystem(exportId(1)), /cannot open/);
  await assert.rejects(
    exports.use(record(1), async () => {}),
    /cannot open/,
  );
  failing.delete(record(1).id);
  assert.ok((await exports.fileSystem(exportId(1))) !== undefined);
});

test('what cannot be closed stays as it is, also for who waited for its end', async (context) => {
  const { exports, failing, failures, events } = await setUp(context);
  const opened = await exports.fileSystem(exportId(1));
  failing.add(record(1).id);
  await exports.close(exportId(1));
  assert.deepEqual(failures.map(String), ['Error: cannot close']);
  assert.equal(exports.fileSystem(exportId(1)), opened);
  const closing = exports.close(exportId(1));
  assert.equal(await exports.fileSystem(exportId(1)), opened);
  await closing;
  assert.deepEqual(
    events.filter((event) => event.startsWith('open')),
    ['open 1'],
  );
  failing.clear();
  await exports.closeAll();
  assert.deepEqual(exports.ids, []);
});

test('what is detached is not served', async (context) => {
  const { exports, registry } = await setUp(context);
  await registry.change(record(1).id, { state: 'detached' });
  assert.equal(exports.fileSystem(exportId(1)), undefined);
  assert.equal(await exports.resolve(`/exports/sessions/${record(1).session}/secret`), undefined);
  assert.equal(await exports.resolve(`/exports/sessions/${record(2).session}/secret`), record(2).id);
});

test('syncs all that are open, whatever becomes of one of them', async (context) => {
  const { exports, events, failing } = await setUp(context);
  for (const number of [1, 2, 3]) await exports.fileSystem(exportId(number));
  await exports.close(exportId(3));
  failing.add(exportId(1));
  events.length = 0;
  await exports.syncOpen();
  assert.deepEqual(events, ['synced 2']);
});
