import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { checkOverlay } from '../check-overlay.ts';
import { temporaryDirectory } from '../fixtures.ts';
import type { Operation } from '../model/operation.ts';
import { linesOf, type Portrait, portraitOf } from './portrait.ts';
import { killedProject, openKilledSession, operations, perform } from './session.ts';
import { watchSteps } from './steps.ts';

type Project = Awaited<ReturnType<typeof killedProject>>;

const workload = new URL('./crash-workload.ts', import.meta.url).pathname;
/** Steps from one real death to the next: a process takes a while. `VFS_CRASH_EVERY=1` dies at each. */
const stepsBetweenDeaths = Number(process.env.VFS_CRASH_EVERY ?? 61);

/** Of so many deaths in thought, one is gone on from to the end. */
const deathsGoneOn = 5;

/** The session before the first operation, and after each. */
async function expectedPortraits(project: Project, directory: string): Promise<Portrait[]> {
  const session = await openKilledSession(project, directory);
  const portraits = [await portraitOf(session)];
  for (const operation of operations) {
    perform(session, operation);
    session.flush();
    portraits.push(await portraitOf(session));
  }
  await session.close();
  return portraits;
}

/** Expects what a death in operation number `done` may leave. */
async function expectRecovered(
  project: Project,
  directory: string,
  portraits: readonly Portrait[],
  done: number,
  where: string,
  then: 'go on' | 'leave it',
): Promise<void> {
  const session = await openKilledSession(project, directory);
  assert.deepEqual(await checkOverlay(session.volume, 'settled'), [], where);
  const found = await portraitOf(session);
  const interrupted = operations[done];
  const before = interrupted === undefined ? found : withBytesOf(found, portraits[done]!, interrupted);
  const isAfter = portraits[done + 1] !== undefined && isSame(found, portraits[done + 1]!);
  if (!isAfter) {
    assert.deepEqual(linesOf(before, 'with numbers'), linesOf(portraits[done]!, 'with numbers'), where);
  }
  if (then === 'leave it') return session.close();
  for (const operation of operations.slice(isAfter ? done + 1 : done)) perform(session, operation);
  await session.sync();
  const end = linesOf(await portraitOf(session), 'without numbers');
  assert.deepEqual(end, linesOf(portraits.at(-1)!, 'without numbers'), where);
  assert.deepEqual(await checkOverlay(session.volume, 'settled'), [], where);
  await session.close();
}

function isSame(a: Portrait, b: Portrait): boolean {
  return linesOf(a, 'with numbers').join('\n') === linesOf(b, 'with numbers').join('\n');
}

/** `found`, with those bytes of `before` that the interrupted operation may have overwritten. */
function withBytesOf(found: Portrait, before: Portrait, operation: Operation): Portrait {
  if (operation.kind !== 'write') return found;
  const old = before.get(operation.path);
  const now = found.get(operation.path);
  if (old === undefined || now === undefined || old.content.length !== now.content.length) return found;
  const content = Buffer.from(now.content);
  const { offset, bytes } = operation;
  if (offset < content.length) old.content.copy(content, offset, offset, offset + bytes.length);
  return new Map([...found, [operation.path, { ...now, content }]]);
}

describe('a process that dies', () => {
  test('leaves a whole session, whatever it was about to do', async (context) => {
    const project = await killedProject();
    const scratch = temporaryDirectory(context);
    const portraits = await expectedPortraits(project, join(scratch, 'expected'));
    const directory = join(scratch, 'session');
    const session = await openKilledSession(project, directory);
    const deaths: { copy: string; done: number; where: string }[] = [];
    let done = 0;
    let isCopying = false;
    // What lies on the disk at a step is what a process that dies there leaves.
    const stop = watchSteps((what) => {
      if (isCopying || !existsSync(directory)) return;
      isCopying = true;
      const copy = join(scratch, `death ${deaths.length}`);
      cpSync(directory, copy, { recursive: true });
      deaths.push({ copy, done, where: `operation ${done}, before ${what}` });
      isCopying = false;
    });
    try {
      for (const operation of operations) {
        perform(session, operation);
        session.flush();
        done++;
      }
    } finally {
      stop();
    }
    await session.close();
    assert.ok(deaths.length > 200);
    for (const [index, { copy, done, where }] of deaths.entries()) {
      const then = index % deathsGoneOn === 0 ? 'go on' : 'leave it';
      await expectRecovered(project, copy, portraits, done, where, then);
    }
  });

  test('is known to have died, also when the one before it had closed the session', async (context) => {
    const project = await killedProject();
    const scratch = temporaryDirectory(context);
    const [directory, copy] = [join(scratch, 'session'), join(scratch, 'copy')];
    let session = await openKilledSession(project, directory);
    perform(session, operations[0]!);
    await session.close();
    session = await openKilledSession(project, directory);
    assert.equal(session.volume.overlay.wasInterrupted, false);
    for (const operation of operations.slice(1, 7)) perform(session, operation);
    session.flush();
    cpSync(directory, copy, { recursive: true });
    await session.close();
    const after = await openKilledSession(project, copy);
    assert.equal(after.volume.overlay.wasInterrupted, true);
    await after.close();
    const closed = await openKilledSession(project, copy);
    assert.equal(closed.volume.overlay.wasInterrupted, false);
    await closed.close();
  });

  test('has acknowledged nothing that the next one does not find', async (context: TestContext) => {
    const project = await killedProject();
    const scratch = temporaryDirectory(context);
    const portraits = await expectedPortraits(project, join(scratch, 'expected'));
    for (let kill = 1; ; kill += stepsBetweenDeaths) {
      const directory = join(scratch, String(kill));
      const { done, isDead } = await runUntil(kill, directory, scratch);
      await expectRecovered(project, directory, portraits, done, `killed at step ${kill}`, 'go on');
      if (!isDead) break;
    }
  });
});

/** Runs the workload until it dies at step `kill`, or ends. */
async function runUntil(
  kill: number,
  directory: string,
  scratch: string,
): Promise<{ done: number; isDead: boolean }> {
  const child = spawn(process.execPath, [workload, String(kill), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Compiled once for all of them: most of a process's life is that.
    env: { ...process.env, NODE_COMPILE_CACHE: join(scratch, 'compiled') },
  });
  const [output, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  assert.ok(signal === 'SIGKILL' || code === 0, `step ${kill} ended with ${code ?? signal}`);
  return { done: Number(output.trim().split('\n').at(-1)), isDead: signal === 'SIGKILL' };
}
