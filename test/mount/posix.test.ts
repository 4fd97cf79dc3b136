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
};

/** Lines that differ on whatever server, for the client is of another mind. */
const clientsOwn: readonly (readonly [line: RegExp, why: string])[] = [
  [
    /^directory \S+ mknod-device \S+ EACCES/,
    'it refuses devices to users before it asks the server about the directory',
  ],
  [
    /^directory 0o1755 \S+ other EACCES/,
    'it looks at the sticky bit before it asks the server about the directory',
  ],
  [/^chown \S+ \S+ -1 -1|chown-nothing/, 'it does not send what would change nothing'],
  [/^written \S+ \S+ ftruncate-same/, 'it does not send what would change nothing'],
];

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
      assert.ok(local.stdout.length > 1000);
      assert.deepEqual(differences(here, local.stdout), []);
    });
  }
});

/** The lines that differ, of both. */
function differences(here: string, local: string): string[] {
  const expected = local.split('\n');
  const found = here.split('\n');
  assert.equal(found.length, expected.length);
  return expected.flatMap((line, i) =>
    line === found[i] || clientsOwn.some(([own]) => own.test(line))
      ? []
      : [`expected: ${line}`, `   found: ${found[i]}`],
  );
}
