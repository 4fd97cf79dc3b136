import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type BrokenRules, runSchedule } from './collection-model.ts';

/** The first of `count` schedules, from seed `first` on, that loses something. */
async function violations(first: number, count: number, broken: BrokenRules = {}): Promise<string[]> {
  const found: string[] = [];
  for (let seed = first; seed < first + count && found.length === 0; seed++) {
    const result = await runSchedule({ seed, broken });
    if (result.outcome === 'violated')
      found.push(`seed ${seed}: ${result.what}\n${result.log.slice(-40).join('\n')}`);
  }
  return found;
}

/** `npm run gc-model` tries as many as one likes. */
describe('writers, readers, collectors and mergers in any order', () => {
  test('lose nothing, and garbage goes', async () => {
    assert.deepEqual(await violations(1, 1000), []);
  });

  test('are seen to lose something when nothing is given time', async () => {
    assert.notDeepEqual(await violations(1, 4000, { graceHours: 0 }), []);
  });

  test('are seen to lose something when ages are judged by the time of the deed', async () => {
    assert.notDeepEqual(await violations(1, 4000, { ageAtDeed: true }), []);
  });
});
