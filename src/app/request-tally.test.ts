import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type CountedRequests, RequestCounter } from './request-counter.ts';
import { RequestTally } from './request-tally.ts';

const scratch = mkdtempSync(join(tmpdir(), 'micelio-tally-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
const store = 's3://code';

/** What `gets` reads of an object of `acme/web` count. */
function reads(gets: number, at = store): readonly CountedRequests[] {
  const counter = new RequestCounter();
  const { onRequest, onAnswer } = counter.hooks(at);
  for (let i = 0; i < gets; i++) {
    onRequest('GetObject', 'prefix/micelio-acme/projects/web/head.json', 0);
    onAnswer('prefix/micelio-acme/projects/web/head.json', 100);
  }
  return counter.places;
}

describe('requests are counted', () => {
  test('by kind, and for each project', () => {
    const counter = new RequestCounter();
    const { onRequest, onAnswer } = counter.hooks(store);
    onRequest('PutObject', 'micelio-acme/projects/web/packs/1', 500);
    onAnswer('micelio-acme/projects/web/packs/1', 0);
    onRequest('ListObjectsV2', 'micelio-acme/projects/web/', 0);
    onAnswer('micelio-acme/projects/web/', 70);
    onRequest('GetBucketVersioning', '', 0);
    const { get, put, list, other, total, bytesRead, bytesWritten } = counter.total;
    assert.deepEqual([get, put, list, other, total, bytesRead, bytesWritten], [0, 1, 1, 1, 3, 70, 500]);
    const taken = counter.take();
    assert.deepEqual(
      taken.map(({ project, counts }) => [project, counts.total]),
      [
        ['acme/web', 2],
        ['', 1],
      ],
    );
    assert.equal(counter.total.total, 0);
  });
});

describe('a tally of requests', () => {
  test('has the mean and the last of each operation, store by store', async () => {
    const tally = new RequestTally(join(scratch, 'means'));
    await tally.add(reads(2), () => 'session start', 1000);
    await tally.add(reads(4), () => 'session start', 2000);
    await tally.add(reads(1), (project) => `mic-fs ${project}`, 1500);
    await tally.add(reads(9, 's3://other'), () => 'session start', 3000);
    const [served, started, ...more] = tally.read(store);
    assert.deepEqual([served!.operation, served!.times], ['mic-fs acme/web', 1]);
    assert.deepEqual([started!.times, started!.sum.get, started!.last.get], [2, 6, 4]);
    assert.deepEqual([started!.lastMs, started!.sum.bytesRead, more.length], [2000, 600, 0]);
  });

  test('loses nothing when many processes add to it at once, and stays small', async () => {
    const directory = join(scratch, 'many');
    const modules = ['request-counter.ts', 'request-tally.ts'].map((name) => join(import.meta.dirname, name));
    const program = `
      const [{ RequestCounter }, { RequestTally }] = await Promise.all(${JSON.stringify(modules)}.map((m) => import(m)));
      const counter = new RequestCounter();
      counter.hooks(${JSON.stringify(store)}).onRequest('GetObject', '', 0);
      const tally = new RequestTally(${JSON.stringify(directory)});
      for (let i = 0; i < 1500; i++) await tally.add(counter.places, () => 'operation '.padEnd(150, 'x'), i);`;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' }),
    );
    const exits = await Promise.all(children.map((child) => once(child, 'exit')));
    for (const exit of exits) assert.deepEqual(exit, [0, null]);
    const [operation] = new RequestTally(directory).read(store);
    // A line that is appended while the log moves into the summary may be missed: one a fold, at most, and process.
    assert.ok(operation!.times <= 6000 && operation!.times > 5900, `${operation!.times} times`);
    const bytes = readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
    assert.ok(bytes < 400_000, `${bytes} bytes`);
  });

  test('goes on where a fold was killed, and counts nothing twice', async () => {
    const directory = join(scratch, 'killed');
    const tally = new RequestTally(directory);
    await tally.add(reads(1), () => 'land', 1);
    const line = '[1,"s3://code","land",1,0,0,0,0,0,0]\n';
    // Killed after the log was put aside: it has not been counted yet.
    writeFileSync(join(directory, 'log.1'), line.repeat(10));
    assert.equal(tally.read(store)[0]!.times, 11);
    writeFileSync(join(directory, 'log'), line.repeat(4000));
    await tally.add(reads(1), () => 'land', 2);
    assert.equal(tally.read(store)[0]!.times, 4011);
    // Killed after the summary was written: it has been counted.
    writeFileSync(join(directory, 'log.1'), line.repeat(10));
    assert.equal(tally.read(store)[0]!.times, 4011);
    await tally.add(reads(1), () => 'land', 3);
    assert.equal(tally.read(store)[0]!.times, 4012);
  });

  test('passes over what no one has written so', async () => {
    const directory = join(scratch, 'damaged');
    const tally = new RequestTally(directory);
    await tally.add(reads(1), () => 'land', 1);
    writeFileSync(join(directory, 'log'), '[1,"s3://code","la\n{}\n[]\n', { flag: 'a' });
    writeFileSync(join(directory, 'summary.json'), '{"gener');
    await tally.add(reads(1), () => 'land', 1);
    assert.equal(tally.read(store)[0]!.times, 2);
  });

  test('never fails a command', async () => {
    const path = join(scratch, 'file');
    writeFileSync(path, '');
    await new RequestTally(join(path, 'below')).add(reads(1), () => 'land', 1);
    assert.deepEqual(new RequestTally(join(path, 'below')).read(store), []);
    const closed = join(scratch, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    await new RequestTally(join(closed, 'requests')).add(reads(1), () => 'land', 1);
  });
});
