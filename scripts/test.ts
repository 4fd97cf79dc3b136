import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Runs every test: those beside the code, and those in `test/` that cross rooms. Arguments go to Node's test runner,
 * such as `--test-name-pattern`, or name the files to run instead of all.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const named = args.filter((arg) => !arg.startsWith('-'));
const files = named.length > 0 ? named : ['src/**/*.test.ts', 'test/**/*.test.ts'];
const { status, error } = spawnSync(
  process.execPath,
  ['--test', '--test-timeout=600000', ...args.filter((arg) => arg.startsWith('-')), ...files],
  { cwd: root, stdio: 'inherit' },
);
if (error) throw error;
process.exitCode = status ?? 1;
