import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { Scratch, write } from '../mic.ts';
import { fillDisk } from './fill-disk.ts';

/**
 * A hub and its workspaces on a small disk that runs full, and then may not be written: `node full-hub-workload.ts DISK`, where
 * DISK is the top of that disk. Run by `full-disk.test.ts` with a mount of its own. Throws where a promise is broken.
 */
const disk = process.argv[2]!;
const scratch = new Scratch('full hub');
const hub = join(disk, 'hub');
write(join(hub, 'a.txt'), 'a\n'.repeat(100));
write(join(hub, '.gitignore'), '.sessions/\n*.local\n');
await scratch.git(['init', '-q', '-b', 'main'], hub);
await scratch.commit(hub, 'Begin');
await scratch.mic(['init'], { in: hub });

const inHub = { in: hub };
const started = (title: string) =>
  scratch.json<{ slug: string; workspace: string }>(['session', 'start', title], inHub);
const { slug, workspace } = await started('work');
write(join(workspace, 'b.txt'), 'b\n'.repeat(5000));
await scratch.git(['add', 'b.txt'], workspace);
await scratch.git(['commit', '-qm', `[${slug}] feat: b`], workspace);
const other = await started('other');
write(join(other.workspace, 'my.local'), 'mine');
write(join(other.workspace, 'c.txt'), 'c\n'.repeat(5000));
const { slug: draft } = await scratch.json<{ slug: string }>(['session', 'draft', 'later'], inHub);
await scratch.mic(['session', 'ready', draft], inHub);

/** What writes. All of these can be done again. */
const writing: readonly (readonly string[])[] = [
  ['session', 'start', 'more'],
  ['session', 'draft', 'an idea'],
  ['session', 'log', 'said', `--session=${slug}`],
  ['session', 'claim', draft],
  ['session', 'complete', slug],
  ['session', 'remove', other.slug],
  ['session', 'abandon', other.slug, '--why=not now'],
];

for (const [words, begin] of [
  [/: the disk is full\. Free some space, then do it again/, () => fillDisk(disk)],
  [/: the operating system does not allow it \(EROFS\)\. Check owner/, makeReadOnly],
] as const) {
  const [refs, work] = [refsOf(hub), refsOf(workspace)];
  const end = begin();
  try {
    for (const args of writing) {
      const { stdout, stderr } = await scratch.mic(args, { in: hub, exit: exitCodes.unavailable.code });
      assert.equal(stdout, '', args.join(' '));
      assert.match(stderr, /^mic: [^\n]*/);
      assert.match(stderr, words, args.join(' '));
      assert.doesNotMatch(stderr, /^ {4}at /m, 'a stack');
    }
    // Whoever only reads is not troubled.
    await scratch.mic(['session', 'list'], inHub);
    await scratch.mic(['session', 'show', slug], inHub);
  } finally {
    end();
  }
  assert.deepEqual([refsOf(hub), refsOf(workspace)], [refs, work]);
  requireTidy();
}

for (const args of writing) await scratch.mic(args, inHub);
assert.equal(readFileSync(join(hub, 'b.txt'), 'utf8').length, 10_000);
await scratch.mic(['session', 'restore', other.slug], inHub);
assert.equal(readFileSync(join(other.workspace, 'my.local'), 'utf8'), 'mine');
assert.ok(existsSync(join(other.workspace, 'c.txt')));
requireTidy();

function makeReadOnly(): () => void {
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  return () => execFileSync('mount', ['-o', 'remount,rw', disk]);
}

function refsOf(directory: string): string {
  return execFileSync('git', ['for-each-ref'], { cwd: directory, encoding: 'utf8' });
}

/** No lock, no scratch file and nothing half made has stayed, and git finds nothing wrong. */
function requireTidy(): void {
  const names = readdirSync(hub, { recursive: true, encoding: 'utf8' });
  const left = names.filter(
    (name) =>
      /\.lock$|\/index-\d+|\.(?:making|removing)-|\/micelio-merge-|\.new$|\/index\.micelio/.test(name) &&
      // Locked by processes, and never deleted.
      !/sessions\.lock$|\/micelio\/(?:places\/|provision\.lock$)/.test(name),
  );
  assert.deepEqual(left, []);
  const said = execFileSync('git', ['fsck', '--strict', '--no-dangling'], { cwd: hub, encoding: 'utf8' });
  assert.equal(said, '');
}
