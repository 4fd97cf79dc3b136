import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkOverlay } from './check-overlay.ts';
import { linesOf, type Portrait, portraitOf } from './crash/portrait.ts';
import { attempt, killedProject, openKilledSession, operations, perform } from './crash/session.ts';
import { watchSteps } from './crash/steps.ts';
import { bytesAt, superuser, temporaryDirectory } from './fixtures.ts';
import type { Operation } from './model/operation.ts';
import type { SessionFileSystem } from './session-file-system.ts';

const sqliteFull = 13;
const sqliteIo = 10;

/** How a disk fails: from the chosen step on whatever needs room does, or that one step does. */
type Failure = 'ENOSPC' | 'EIO';

/** What works on a full disk, too. */
const needsNoRoom = /^(rmSync|fdatasyncSync|fsyncSync|BEGIN|ROLLBACK)/;

/** Does an operation and a flush on a disk that fails at step number `step` of them: `ok`, or how they failed. */
function attemptFailing(
  session: SessionFileSystem,
  operation: Operation,
  failure: Failure,
  step: number,
): string {
  let left = step;
  const stop = watchSteps((what) => {
    // A transaction can always be given up.
    if (what === 'ROLLBACK' || (failure === 'ENOSPC' && needsNoRoom.test(what))) return;
    left--;
    if (left > 0 || (failure === 'EIO' && left < 0)) return;
    throw Object.assign(new Error(failure), {
      code: failure,
      errno: 0,
      errcode: failure === 'EIO' ? sqliteIo : sqliteFull,
    });
  });
  try {
    const code = attempt(session, operation);
    try {
      session.flush();
    } catch (error) {
      return String((error as { code?: unknown }).code);
    }
    return code;
  } finally {
    stop();
  }
}

/** The lines of a portrait, but for the content of the file that a failed write may have begun to overwrite. */
function linesWithout(portrait: Portrait, operation: Operation): string[] {
  const lines = linesOf(portrait, 'without numbers');
  if (operation.kind !== 'write') return lines;
  return lines.map((line) => (line.startsWith(`${operation.path}: `) ? line.replace(/\S+$/, '') : line));
}

describe('a disk that fails', () => {
  for (const failure of ['ENOSPC', 'EIO'] as const) {
    test(`with ${failure} at any step leaves what was flushed, and is used again`, async (context) => {
      const directory = join(temporaryDirectory(context), 'overlay');
      const session = await openKilledSession(await killedProject(), directory);
      let failures = 0;
      for (const [index, operation] of operations.entries()) {
        const before = linesWithout(await portraitOf(session), operation);
        for (let step = 1; ; step++) {
          const where = `operation ${index}, ${failure} at step ${step}`;
          const code = attemptFailing(session, operation, failure, step);
          if (code === 'ok') break;
          failures++;
          const expected = failure === 'ENOSPC' ? /^(ENOSPC|file-system\/full)$/ : /^(EIO|file-system\/io)$/;
          assert.match(code, expected, where);
          session.flush();
          assert.deepEqual(linesWithout(await portraitOf(session), operation), before, where);
          if (step % 4 === 1) assert.deepEqual(await checkOverlay(session.volume), [], where);
        }
      }
      assert.ok(failures > 200);
      await session.sync();
      assert.deepEqual(await checkOverlay(session.volume, 'settled'), []);
      const lines = linesOf(await portraitOf(session), 'without numbers');
      await session.close();
      assert.deepEqual(lines, await linesAfterAll(join(temporaryDirectory(context), 'other')));
      const again = await openKilledSession(await killedProject(), directory);
      assert.deepEqual(linesOf(await portraitOf(again), 'without numbers'), lines);
      await again.close();
    });
  }
});

/** What there is when nothing fails. */
async function linesAfterAll(directory: string): Promise<string[]> {
  const session = await openKilledSession(await killedProject(), directory);
  for (const operation of operations) perform(session, operation);
  const lines = linesOf(await portraitOf(session), 'without numbers');
  await session.close();
  return lines;
}

describe('a sync', () => {
  test('that fails says so, and has clients write again what they have', async (context) => {
    const session = await openKilledSession(
      await killedProject(),
      join(temporaryDirectory(context), 'overlay'),
    );
    const { inode } = session.create(superuser, session.root, 'made', { how: 'guarded', attributes: {} });
    session.write(superuser, inode, 0, [Buffer.alloc(100_000, 'x')]);
    const verifier = Buffer.from(session.writeVerifier);
    await failingToSync(() => assert.rejects(session.sync(), { code: 'file-system/io' }));
    assert.notDeepEqual(Buffer.from(session.writeVerifier), verifier);
    const next = Buffer.from(session.writeVerifier);
    await session.sync();
    assert.deepEqual(Buffer.from(session.writeVerifier), next);
    assert.equal((await bytesAt(session, 'made')).length, 100_000);
    await session.close();
  });

  test('covers all that was done before it was asked for, whenever that is', async (context) => {
    const session = await openKilledSession(
      await killedProject(),
      join(temporaryDirectory(context), 'overlay'),
    );
    const { inode } = session.create(superuser, session.root, 'made', { how: 'guarded', attributes: {} });
    session.write(superuser, inode, 0, [Buffer.alloc(100_000)]);
    await watchingSyncs(async (syncs) => {
      const writeAndSync = async (): Promise<void> => {
        session.write(superuser, inode, 5, [Buffer.from('x')]);
        const asked = syncs.begun;
        await session.sync();
        // The file and the database, both begun after the write.
        assert.ok(syncs.ended >= asked + 2, `${asked} had begun, and then ${syncs.ended} had ended`);
      };
      const first = writeAndSync();
      // One that waits for the first, and others that come at every moment of its end.
      const others = [writeAndSync()];
      let moment: Promise<void> = first;
      for (let index = 0; index < 12; index++) {
        others.push(moment.then(writeAndSync));
        moment = moment.then(() => {});
      }
      await Promise.all([first, ...others]);
    });
    await session.close();
  });
});

/** Counts what is synced meanwhile. */
async function watchingSyncs(
  work: (syncs: { readonly begun: number; readonly ended: number }) => Promise<void>,
): Promise<void> {
  const { fdatasync } = fs;
  const syncs = { begun: 0, ended: 0 };
  fs.fdatasync = ((file: number, done: (error: Error | null) => void) => {
    syncs.begun++;
    fdatasync(file, (error) => {
      syncs.ended++;
      done(error);
    });
  }) as typeof fs.fdatasync;
  syncBuiltinESMExports();
  try {
    await work(syncs);
  } finally {
    fs.fdatasync = fdatasync;
    syncBuiltinESMExports();
  }
}

/** Has the disk refuse to sync meanwhile. */
async function failingToSync(work: () => Promise<void>): Promise<void> {
  const { fdatasync } = fs;
  fs.fdatasync = ((_: number, done: (error: Error) => void) =>
    done(Object.assign(new Error('EIO'), { code: 'EIO' }))) as typeof fs.fdatasync;
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    fs.fdatasync = fdatasync;
    syncBuiltinESMExports();
  }
}
