import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hashOf } from '../base/hash.ts';
import { agent } from './fixtures.ts';
import {
  firstHead,
  type Head,
  importsMax,
  type Landing,
  nextHead,
  type Origin,
  recentLanding,
} from './head.ts';
import { parseSessionId } from './session-id.ts';

const first = firstHead({ name: 'acme/web', createdMs: 0, description: '' }, hashOf(Buffer.from('empty')));

function landingOn(head: Head, origin: Origin, paths: string): Landing {
  const sequence = head.sequence + 1;
  return {
    sequence,
    id: `${sequence}`,
    origin,
    agent,
    message: 'A landing',
    atMs: sequence,
    before: head.tree,
    tree: hashOf(Buffer.from(`${sequence}`)),
    base: null,
    changeCount: 0,
    changes: [],
    paths,
  };
}

const undo: Origin = { kind: 'undo', sequence: 1 };
const bySession: Origin = {
  kind: 'session',
  session: parseSessionId('sess-4k2m9x7qw0ab'),
  tree: first.tree,
};
const importOf = (source: string): Origin => ({ kind: 'import', source, commit: null, tree: first.tree });

/** Lands each group with one move, and gives the head and all landings. */
function landAll(groups: readonly (readonly { origin: Origin; paths: string }[])[]) {
  let head = first;
  const all: Landing[] = [];
  for (const group of groups) {
    const landings: Landing[] = [];
    for (const { origin, paths } of group) landings.push(landingOn(nextHead(head, landings), origin, paths));
    head = nextHead(head, landings);
    all.push(...landings);
  }
  return { head, all };
}

describe('the next head', () => {
  test('remembers the landings right before it, without a gap and within bounds', () => {
    const landing = fc.record({
      origin: fc.constantFrom(undo, bySession, importOf('a'), importOf('b')),
      paths: fc.integer({ min: 0, max: 6000 }).map((length) => 'A'.repeat(length)),
    });
    const moves = fc.array(fc.array(landing, { minLength: 1, maxLength: 20 }), { maxLength: 12 });
    fc.assert(
      fc.property(moves, (groups) => {
        const { head, all } = landAll(groups);
        assert.equal(head.sequence, all.length);
        assert.deepEqual(head.landings, all.slice(all.length - head.landings.length));
        const before = all.slice(0, all.length - head.landings.length).map(recentLanding);
        assert.deepEqual(head.recent, before.slice(before.length - head.recent.length));
        const characters = head.recent.reduce((sum, { paths }) => sum + paths.length, 0);
        assert.ok(head.recent.length <= 64 && characters <= 16 * 1024);
        // It remembers what it has room for.
        const next = before.at(-1 - head.recent.length);
        if (next !== undefined)
          assert.ok(head.recent.length === 64 || characters + next.paths.length > 16 * 1024);
        for (const source of ['a', 'b']) {
          const last = all.findLast(({ origin }) => origin.kind === 'import' && origin.source === source);
          const known = head.imports.find((imported) => imported.source === source);
          assert.equal(known?.sequence, last?.sequence);
        }
      }),
    );
  });

  test('forgets the sources that were imported longest ago', () => {
    const groups = Array.from({ length: importsMax + 3 }, (_, i) => [
      { origin: importOf(`source ${i}`), paths: '' },
    ]);
    const { imports } = landAll(groups).head;
    assert.equal(imports.length, importsMax);
    assert.equal(imports[0]!.source, 'source 3');
  });
});
