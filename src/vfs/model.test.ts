import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runModel } from './model/model-run.ts';

// `VFS_MODEL_SEED` repeats a run that failed: its message says which.
const given = process.env.VFS_MODEL_SEED;
const seeds = given === undefined ? [1, 2, 3, Date.now() % 1_000_000_000] : [Number(given)];
const operations = 4000;

describe('a session’s file system and a directory of this machine', () => {
  for (const seed of seeds) {
    test(`are the same to a program, seed ${seed}`, async () => {
      const outcomes = await runModel({ operations, seed });
      // Otherwise nothing was tried.
      assert.ok(outcomes.get('ok')! > operations / 10);
      assert.ok(outcomes.size > 8);
    });
  }
});
