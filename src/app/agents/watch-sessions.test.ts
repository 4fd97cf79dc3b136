import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slugs } from '../../ledger/git/fixtures.ts';
import { changesBetween } from './watch-sessions.ts';

test('a change is told once, and what stays the same is not', () => {
  const [one, two, three] = slugs(3);
  const nobody = { agent: undefined, machine: undefined };
  const before = new Map([
    [one!, { state: 'planned' as const, ...nobody }],
    [two!, { state: 'active' as const, agent: 'Ada', machine: 'here' }],
    [three!, { state: 'planned' as const, ...nobody }],
  ]);
  const after = new Map([
    [one!, { state: 'planned' as const, ...nobody }],
    [two!, { state: 'active' as const, agent: 'Bob', machine: 'there' }],
  ]);
  assert.deepEqual(changesBetween(before, after), [
    { slug: two, state: 'active', agent: 'Bob', machine: 'there' },
    { slug: three, state: undefined, ...nobody },
  ]);
  assert.deepEqual(changesBetween(after, after), []);
});
