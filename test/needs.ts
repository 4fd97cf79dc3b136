import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

/** What this machine lacks, in words; undefined where it lacks nothing. */
export type Lack = string | undefined;

/**
 * A suite that not every machine can run. Where something lacks, it is skipped, and says so on standard error, so that
 * nobody takes it for passed; with `CI=true` it fails instead.
 */
export function describeWherePossible(name: string, lack: Lack, body: () => void): void {
  if (lack === undefined) {
    describe(name, body);
    return;
  }
  process.stderr.write(`\nSKIPPED: "${name}", because ${lack}\n\n`);
  if (process.env.CI === 'true') {
    test(name, () => assert.fail(`With CI=true nothing may be skipped, but ${lack}.`));
  } else {
    describe(name, { skip: lack }, body);
  }
}
