import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Everything that must hold before a change lands: format, lint, types, dead code, tests. Runs all, and fails if any fails. */
const root = fileURLToPath(new URL('..', import.meta.url));
const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['format and lint', 'biome', 'check', '--error-on-warnings', '.'],
  ['types', 'tsc', '-p', 'tsconfig.json'],
  ['dead code', 'knip'],
  ['tests', 'node', 'scripts/test.ts'],
];
const failed = steps.filter(([name, command, ...args]) => {
  console.log(`\n== ${name}`);
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status !== 0;
});
console.log(
  failed.length === 0 ? '\nAll checks pass.' : `\nFailed: ${failed.map(([name]) => name).join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
