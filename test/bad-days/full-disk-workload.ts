import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { Scratch, write } from '../mic.ts';
import { fillDisk } from './fill-disk.ts';

/**
 * A store on a small disk that runs full: `node full-disk-workload.ts DISK`, where DISK is the top of that disk. Run by
 * `full-disk.test.ts` with a mount of its own. Throws where a promise is broken.
 */
const disk = process.argv[2]!;
const scratch = new Scratch('full disk');
const store = join(disk, 'store');
const environment = { MICELIO_STORE: store };
const options = { environment };
const full = exitCodes.unavailable.code;

/** Everything in the store, by name. */
function contents(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(store, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.parentPath.includes('/.')) continue;
    const path = join(entry.parentPath, entry.name);
    found[path] = readFileSync(path).toString('base64');
  }
  return found;
}

/** Fails unless the command says that the disk is full, in one line, and leaves no half of anything. */
async function requireFull(args: readonly string[], directory: string): Promise<void> {
  const { stdout, stderr } = await scratch.mic(args, { ...options, in: directory, exit: full });
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /^mic: Cannot [^\n]*: the disk[^\n]* is full\. Free some space, then do it again[^\n]*\n$/,
  );
}

const from = scratch.files('from', { 'a.txt': 'a\n', 'b.txt': 'b\n' });
await scratch.mic(['project', 'create', 'acme/web', `--from=${from}`], options);
const session = await scratch.session('acme/web', 'work', options);
write(join(session.workspace, 'noise'), randomBytes(100_000));
const before = contents();

const free = fillDisk(disk);
await requireFull(['session', 'checkpoint'], session.workspace);
await requireFull(['land'], session.workspace);
await requireFull(['session', 'start', 'more', '--project=acme/web'], scratch.directory);
await requireFull(['session', 'note', 'said'], session.workspace);
await requireFull(['project', 'create', 'acme/more', `--from=${from}`], scratch.directory);
await requireFull(['session', 'remove'], session.workspace);
assert.deepEqual(contents(), before, 'the old state is intact');
// Whoever only reads is not troubled.
await scratch.requireWhole(options);
await scratch.mic(['session', 'show'], { ...options, in: session.workspace });
await scratch.mic(['project', 'export', 'acme/web', '--to=out'], options);
free();

await scratch.mic(['land'], { ...options, in: session.workspace });
await scratch.mic(['project', 'create', 'acme/more', `--from=${from}`], options);

// The disk runs full in the middle of an import that is larger than it.
const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}`, randomBytes(300_000)]));
const large = scratch.files('large', many);
await requireFull(['project', 'import', 'acme/web', `--from=${large}`], scratch.directory);
await scratch.requireWhole(options);
const { sequence } = await scratch.json<{ sequence: number }>(['project', 'show', 'acme/web'], options);
assert.equal(sequence, 2);

// A workspace on a full disk: nothing half-made stays, and the session is not started.
const data = {
  MICELIO_STORE: join(scratch.directory, 'elsewhere'),
  MICELIO_WORKSPACES: join(disk, 'workspaces'),
};
await scratch.mic(['project', 'create', 'acme/large', `--from=${large}`], { environment: data });
await scratch.mic(['session', 'start', 'too large', '--project=acme/large'], {
  environment: data,
  exit: full,
});
assert.deepEqual(
  readdirSync(disk, { recursive: true, encoding: 'utf8' }).filter((path) => /^workspaces.*sess-/.test(path)),
  [],
);
const started = await scratch.json<unknown[]>(['session', 'list', '--project=acme/large', '--all'], {
  environment: data,
});
assert.deepEqual(started, []);
