import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installTestPrograms } from './debian-packages.ts';

/**
 * Runs every test: those beside the code, and those in `test/` that cross rooms. Arguments go to Node's test runner,
 * such as `--test-name-pattern`, or name the files to run instead of all. What the machine could not run is named at the
 * end, and is a failure with `CI=true`.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const named = args.filter((arg) => !arg.startsWith('-'));
const files = named.length > 0 ? named : ['src/**/*.test.ts', 'test/**/*.test.ts'];

installTestPrograms();
const scratch = mkdtempSync(join(tmpdir(), 'micelio-test-'));
/** Much of what the files do is waiting for others, so that even two cores have time for two; more would starve the guests. */
const filesAtOnce = 2;
try {
  const record = join(scratch, 'tests.tap');
  const reporters = [
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=tap',
    `--test-reporter-destination=${record}`,
  ];
  const flags = args.filter((arg) => arg.startsWith('-'));
  const { status, error } = spawnSync(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${filesAtOnce}`,
      '--test-timeout=600000',
      ...reporters,
      ...flags,
      ...files,
    ],
    {
      cwd: root,
      stdio: 'inherit',
      // What the files of a run share, such as an S3 server, lives as long as this process (test/ceph/shared-cluster.ts).
      env: { ...process.env, MICELIO_TEST_RUN: scratch, MICELIO_TEST_RUN_PID: String(process.pid) },
    },
  );
  if (error) throw error;
  process.exitCode = status ?? 1;
  const leftOut = readFileSync(record, 'utf8').match(/^ *(?:not )?ok \d+ - .*# SKIP.*$/gm) ?? [];
  if (leftOut.length > 0) {
    console.log(
      `\nLEFT OUT, because this machine cannot run them:\n${leftOut.map((line) => `  ${line.trim().replace(/^ok \d+ - /, '')}`).join('\n')}`,
    );
    if (process.env.CI === 'true') {
      console.log('With CI=true that is a failure.');
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
