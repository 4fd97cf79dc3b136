import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeMounted, programDirectory, runAll } from './mounted.ts';

/** Each prints thousands of lines: a call, who made it, what it came to, and what things are then. */
const subjects: Readonly<Record<string, string>> = {
  paths: 'every call with every path that does not lead where it should',
  permissions: 'who may do what',
  modes: 'the twelve bits, and whose what is new becomes',
  renames: 'every kind renamed and linked onto every kind',
  times: 'which times a call changes',
  opens: 'open, read, write and truncate',
  opened: 'files while they are open',
  listings: 'directory streams',
};

/** Lines that differ on whatever server, for the client is of another mind. */
const clientsOwn: readonly (readonly [line: RegExp, why: string])[] = [
  [
    /^directory \S+ mknod-device \S+ EACCES|^every kind (character|block) make other/,
    'it refuses devices to users before it asks the server about the directory',
  ],
  [
    /^directory 0o1755 \S+ other EACCES/,
    'it looks at the sticky bit before it asks the server about the directory',
  ],
  [
    /^utimensat 0o6[64][64] \S+ omit now/,
    'it sends the same to cut off a file that is empty already, which whoever may write may do',
  ],
  [/^chown \S+ \S+ -1 -1|chown-nothing/, 'it does not send what would change nothing'],
  [/^written \S+ \S+ ftruncate-same/, 'it does not send what would change nothing'],
];

/** What the file system in memory gets wrong, for it counts names from the beginning, and what would be right. */
const corrected: Readonly<Record<string, string>> = {
  'after some have gone False 0': 'after some have gone True 0',
  'stays 0 1 0': 'stays 1 1 0',
};

describeMounted('POSIX, as the same programs find it in memory', { programs: [] }, (mounted) => {
  for (const [program, name] of Object.entries(subjects)) {
    test(name, async () => {
      const run = `/usr/bin/python3 -B ${programDirectory}/posix/${program}.py`;
      const options = { timeoutMs: 240_000 };
      const local = await runAll(
        mounted().guest,
        `mkdir /run/tmp/${program}; cd /run/tmp/${program}; ${run}`,
        options,
      );
      const here = await mounted().sh(run, options);
      assert.ok(local.stdout.length > 500);
      assert.deepEqual(differences(here, local.stdout), []);
    });
  }
});

/** The lines that differ, of both. */
function differences(here: string, local: string): string[] {
  const expected = local.split('\n').map((line) => corrected[line] ?? line);
  const found = here.split('\n');
  assert.equal(found.length, expected.length);
  return expected.flatMap((line, i) =>
    line === found[i] || clientsOwn.some(([own]) => own.test(line))
      ? []
      : [`expected: ${line}`, `   found: ${found[i]}`],
  );
}
