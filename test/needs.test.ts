import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Scratch } from './mic.ts';

const scratch = new Scratch('needs');
const needs = fileURLToPath(new URL('./needs.ts', import.meta.url));
const script = `
  import { describeWherePossible } from '${needs}';
  describeWherePossible('flying', 'there are no wings', () => { throw new Error('has run'); });`;
const run = (environment: Record<string, string>, exit: number) =>
  scratch.run(process.execPath, ['--input-type=module', '--eval', script], { environment, exit });

test('a suite that cannot run here is skipped aloud', async () => {
  const { stdout, stderr } = await run({}, 0);
  assert.match(stderr, /SKIPPED: "flying", because there are no wings/);
  assert.match(stdout, /fail 0/);
});

test('and fails where CI=true says that everything must run', async () => {
  const { stdout } = await run({ CI: 'true' }, 1);
  assert.match(stdout, /With CI=true nothing may be skipped, but there are no wings/);
});
