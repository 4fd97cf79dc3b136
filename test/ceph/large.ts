import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hashLargeFile, writeLargeFile } from './large-content.ts';
import { MeasuredMachine, type MeasuredRun } from './measured-machine.ts';
import type { TestBucket } from './test-bucket.ts';

/** A step, and what it took. */
export interface LargeStep extends Omit<MeasuredRun, 'json'> {
  readonly what: string;
  /** Bytes of the files that it read or wrote. */
  readonly bytes: number;
}

interface Placed {
  readonly sessionId: string;
  readonly workspace: string;
}

/**
 * Imports a file of `bytes` bytes, records another one in a session, and reads both on another machine, where they must
 * be the same. All that it writes lies below `directory`.
 */
export function* largeFileSteps(
  bucket: TestBucket,
  directory: string,
  bytes: number,
): Generator<LargeStep, void> {
  const machine = new MeasuredMachine(join(directory, 'machine'), bucket, 'acme/large');
  const other = new MeasuredMachine(join(directory, 'other machine'), bucket, 'acme/large');
  const from = join(directory, 'from');
  mkdirSync(from);
  const imported = writeLargeFile(join(from, 'imported.bin'), bytes);
  const create = machine.run(['project', 'create', 'acme/large', `--from=${from}`]);
  yield { what: 'import of a file', bytes, ...create };
  rmSync(from, { recursive: true });
  const start = machine.run(['session', 'start', 'large', '--project=acme/large']);
  yield { what: 'checkout of it', bytes, ...start };
  const { sessionId, workspace } = start.json as Placed;
  const written = writeLargeFile(join(workspace, 'written.bin'), bytes);
  const recorded = machine.run(['session', 'checkpoint'], workspace);
  yield { what: 'checkpoint of another', bytes, ...recorded };
  // Both machines are one: what only the first has must not be found.
  const [here, away] = [join(directory, 'machine'), join(directory, 'machine, away')];
  renameSync(here, away);
  const place = other.run(['session', 'path', sessionId]);
  yield { what: 'both on another machine', bytes: 2 * bytes, ...place };
  const { path } = place.json as { readonly path: string };
  assert.equal(hashLargeFile(join(path, 'imported.bin')), imported);
  assert.equal(hashLargeFile(join(path, 'written.bin')), written);
  rmSync(path, { recursive: true });
  renameSync(away, here);
  yield { what: 'landing', bytes, ...machine.run(['land'], workspace) };
  yield { what: 'fsck', bytes: 2 * bytes, ...machine.run(['store', 'fsck']) };
}

/** Imports the `count` files of `bytes` bytes below `files`, and requires that all are there. */
export function* manyFilesSteps(
  bucket: TestBucket,
  directory: string,
  files: string,
  { count, bytes }: { readonly count: number; readonly bytes: number },
): Generator<LargeStep, void> {
  const machine = new MeasuredMachine(join(directory, 'many'), bucket, 'acme/many');
  const created = machine.run(['project', 'create', 'acme/many', `--from=${files}`]);
  const { changeCount } = created.json as { readonly changeCount: number };
  assert.equal(changeCount, count);
  yield { what: `import of ${count.toLocaleString('en-US')} files`, bytes, ...created };
  yield { what: 'fsck of them', bytes, ...machine.run(['store', 'fsck']) };
}
