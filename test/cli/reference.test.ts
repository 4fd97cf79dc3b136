import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cliReference, referencePage } from '../../scripts/cli-reference.ts';

test('docs/cli.md is what the commands say', async () => {
  assert.equal(readFileSync(referencePage, 'utf8'), await cliReference(), 'run: npm run cli-reference');
});
