import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { driftOf } from './drift.ts';
import { parsePlan } from './plan.ts';
import {
  newActivePlan,
  planEntries,
  subsessionSlugs,
  withPlanEntry,
  withPlanMark,
  withSubsession,
  withWorklogEntry,
} from './record-files.ts';

const slug = '2026-11-21-faster-start';
const plan = `# Session: Faster start

Touches \`src/main.ts\` and \`docs/\`, says \`npm test\`, reads \`package.json\`.

## Acceptance Criteria

- [ ] It is measured
- [ ] It is fast

## Subsessions

1. **Measure**
`;

describe('the files of a session', () => {
  test('a worklog grows by entries', () => {
    const once = withWorklogEntry('', slug, {
      atMs: Date.UTC(2026, 10, 21, 9),
      author: 'ada',
      text: ' Began.\n',
    });
    assert.equal(once, `# Worklog: ${slug}\n\n## 2026-11-21T09:00:00Z, ada\n\nBegan.\n`);
    const twice = withWorklogEntry(once, slug, {
      atMs: Date.UTC(2026, 10, 21, 10),
      author: 'a\nb',
      text: 'Ended.',
    });
    assert.equal(twice, `${once}\n## 2026-11-21T10:00:00Z, a b\n\nEnded.\n`);
  });

  test('an active plan begins with the criteria, and takes entries and marks', () => {
    const begun = newActivePlan(slug, parsePlan(plan));
    assert.equal(
      begun,
      `# Active plan: ${slug}\n\n## Criteria\n\n- [ ] It is measured\n- [ ] It is fast\n\n## Tasks\n\n## Issues\n\n## Next steps\n`,
    );
    const task = withPlanEntry(withPlanEntry(begun, 'Tasks', 'read'), 'Tasks', 'write');
    assert.deepEqual(
      planEntries(task, 'Tasks').map(({ text }) => text),
      ['read', 'write'],
    );
    assert.equal(withPlanMark(task, 'Tasks', 2, 'done'), task.replace('[ ] write', '[x] write'));
    assert.equal(withPlanMark(task, 'Tasks', 3, 'done'), undefined);
    assert.deepEqual(planEntries('', 'Tasks'), []);
  });

  test('subsessions are listed by their slugs', () => {
    const list = withSubsession(withSubsession('', slug, { slug: 'a-b', title: 'A: B' }), slug, {
      slug: 'c',
      title: 'C',
    });
    assert.equal(list, `# Subsessions: ${slug}\n\n- [ ] \`a-b\`: A: B\n- [ ] \`c\`: C\n`);
    assert.deepEqual(subsessionSlugs(list), ['a-b', 'c']);
  });
});

test('drift is what was planned beside what happened', () => {
  const begun = withPlanEntry(newActivePlan(slug, parsePlan(plan)), 'Criteria', 'It is pretty');
  const drift = driftOf({
    plan,
    activePlan: withPlanMark(begun, 'Criteria', 1, 'done')!,
    subsessions: withSubsession('', slug, { slug: '2026-11-22-more', title: 'More' }),
    touched: ['src/main.ts', 'src/other.ts', 'web/package.json'],
  });
  assert.deepEqual(drift, {
    criteria: { met: ['It is measured'], open: ['It is fast'], added: ['It is pretty'] },
    files: {
      planned: ['src/main.ts', 'docs/', 'package.json'],
      unplanned: ['src/other.ts'],
      untouched: ['docs/'],
    },
    subsessions: { planned: ['Measure'], created: ['2026-11-22-more'] },
  });
  const nothing = driftOf({ plan: '', activePlan: '', subsessions: '', touched: ['a'] });
  assert.deepEqual(nothing.files, { planned: [], unplanned: ['a'], untouched: [] });
});
