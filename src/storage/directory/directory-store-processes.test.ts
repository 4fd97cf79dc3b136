import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseKey } from '../object-store.ts';
import { DirectoryStore } from './directory-store.ts';
import { contentsAfter, contentsOf, workload } from './directory-store-workload.ts';
import type { Disk } from './disk.ts';
import { realDisk } from './disk.ts';
import type { DiskStep } from './stepped-disk.ts';
import { steppedDisk } from './stepped-disk.ts';

// This file is also the program that the tests run as other processes: `node FILE increment|die ROOT NUMBER`.
const counter = parseKey('counter');

const [, program, task, childRoot, number] = process.argv;
const isChild = program === fileURLToPath(import.meta.url) && childRoot !== undefined;
if (isChild && task === 'increment') await increment(childRoot, Number(number));
else if (isChild && task === 'die') await writeUntilDead(childRoot, Number(number));
else declareTests();

function declareTests(): void {
  // Compiled once, by the first child that lives to its end, the others start three times as fast.
  const compileCache = temporaryDirectory();
  const run = (childTask: string, root: string, argument: number) =>
    runChild([childTask, root, `${argument}`], compileCache);
  after(() => rmSync(compileCache, { recursive: true }));

  test('16 processes with 200 increments each of one key make 3,200', async (t) => {
    const root = temporaryDirectory();
    t.after(() => rmSync(root, { recursive: true }));
    const store = new DirectoryStore(root);
    await store.put(counter, Buffer.from('0'));
    const children = Array.from({ length: 16 }, () => run('increment', root, 200));
    for (const { signal, code } of await Promise.all(children)) {
      assert.deepEqual({ signal, code }, { signal: null, code: 0 });
    }
    assert.equal(Buffer.from((await store.get(counter))!.bytes).toString(), '3200');
    store.close();
  });

  test('a process killed at any step leaves the old version or the new, and no lock', async () => {
    let deaths = 0;
    let nextStep = 1;
    let survived = false;
    const rehearsal = temporaryDirectory();
    assert.equal((await run('die', rehearsal, 0)).output.length, workload.length);
    rmSync(rehearsal, { recursive: true });
    const killAtEachStep = async (): Promise<void> => {
      while (!survived) {
        const step = nextStep++;
        const root = temporaryDirectory();
        const { signal, output } = await run('die', root, step);
        if (signal === 'SIGKILL') deaths++;
        else survived = true;
        await checkAfterDeath(root, output.length, step);
        rmSync(root, { recursive: true });
      }
    };
    await Promise.all([killAtEachStep(), killAtEachStep()]);
    assert.ok(deaths > workload.length * 5, `${deaths}`);
  });
}

async function checkAfterDeath(root: string, acknowledged: number, step: number): Promise<void> {
  // Not even one wait for a lock is allowed for.
  const store = new DirectoryStore(root, {
    lockWaitMsMax: 0,
    sleep: () => Promise.reject(new Error('a lock was left')),
  });
  const held = await contentsOf(store);
  const written = JSON.stringify(held) === JSON.stringify(sorted(contentsAfter(acknowledged)));
  assert.deepEqual(held, contentsAfter(written ? acknowledged : acknowledged + 1), `killed at step ${step}`);
  for (const write of workload.slice(acknowledged)) await write.run(store);
  assert.deepEqual(await contentsOf(store), contentsAfter(workload.length), `resumed after step ${step}`);
  store.close();
}

const sorted = (contents: object): object => Object.fromEntries(Object.entries(contents).sort());

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

function runChild(parameters: readonly string[], compileCache: string): Promise<Ended> {
  const child = spawn(process.execPath, [program!, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, output }));
  });
}

function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'micelio-processes-'));
}

/** Adds 1 to the counter, `times` times. */
async function increment(root: string, times: number): Promise<void> {
  const store = new DirectoryStore(root);
  for (let done = 0; done < times; ) {
    const { bytes, etag } = (await store.get(counter))!;
    const next = Buffer.from(`${Number(Buffer.from(bytes).toString()) + 1}`);
    if ((await store.compareAndSwap(counter, next, etag)).outcome === 'stored') done++;
  }
}

/** Runs the workload, with a dot of output for each write that has ended, and is killed at step `fatal` on the disk: never at 0. */
async function writeUntilDead(root: string, fatal: number): Promise<void> {
  let steps = 0;
  const dieAtStep = ({ name, parameters }: DiskStep): void => {
    if (++steps !== fatal) return;
    if (name === 'write' || name === 'writeInBackground')
      writeHalf(...(parameters as Parameters<Disk['write']>));
    process.kill(process.pid, 'SIGKILL');
  };
  const store = new DirectoryStore(root, { disk: steppedDisk(realDisk, dieAtStep) });
  for (const write of workload) {
    await write.run(store);
    writeSync(1, '.');
  }
}

function writeHalf(file: number, bytes: Uint8Array): void {
  realDisk.write(file, bytes.subarray(0, bytes.length / 2));
}
