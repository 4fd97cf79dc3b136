import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { withAddition, withCriteria, withField } from './edit-plan.ts';
import { emptyGoals, fieldOf, goalOf, parsePlan, planProblems, sectionText } from './plan.ts';

const example = `# Session: Faster start

**Session ID:** 2026-11-21-faster-start
**Created:** 2026-11-21
**Status**: planned
**Priority:**

## Context

Start-up takes *two* seconds; see \`src/main.ts\`.

## Acceptance Criteria

- [x] It is measured
### Cold
- [ ] \`mic start\` takes
  less than a second:
  - of which nothing is a download
  - [ ] on the small machine, too
- no box, no criterion

## Open Questions

- [ ] Is this a criterion? No.

## Proposed Subsessions

1. **Measure**
   - cold
   - warm
2. **Mend**
   - (Blocked by subsession 1)
`;

describe('a plan', () => {
  const plan = parsePlan(example);

  test('has a title and the fields of its header', () => {
    assert.equal(plan.title, 'Faster start');
    assert.deepEqual(
      plan.fields.map(({ name, value }) => [name, value]),
      [
        ['Session ID', '2026-11-21-faster-start'],
        ['Created', '2026-11-21'],
        ['Status', 'planned'],
        ['Priority', ''],
      ],
    );
    assert.equal(fieldOf(plan, 'STATUS'), 'planned');
    assert.equal(fieldOf(plan, 'Type'), undefined);
  });

  test('has sections', () => {
    assert.deepEqual(
      plan.sections.map(({ title }) => title),
      ['Context', 'Acceptance Criteria', 'Open Questions', 'Proposed Subsessions'],
    );
    assert.equal(sectionText(example, plan, 'context'), 'Start-up takes *two* seconds; see `src/main.ts`.');
    assert.equal(sectionText(example, plan, 'Risks'), undefined);
  });

  test('has criteria: what has a box below the heading that says so', () => {
    assert.deepEqual(
      plan.criteria.map(({ text, met, group }) => [text, met, group]),
      [
        ['It is measured', true, undefined],
        ['mic start takes less than a second:', false, 'Cold'],
        ['on the small machine, too', false, 'Cold'],
      ],
    );
  });

  test('has subsessions', () => {
    assert.deepEqual(plan.subsessions, [
      { title: 'Measure', points: ['cold', 'warm'] },
      { title: 'Mend', points: ['(Blocked by subsession 1)'] },
    ]);
  });

  test('says what it lacks', () => {
    assert.deepEqual(planProblems(plan), []);
    assert.equal(planProblems(parsePlan('')).length, 2);
    assert.match(planProblems(parsePlan('# A\n'))[0]!, /acceptance criteria/);
  });

  test('is whatever a file holds', () => {
    const odd = [
      '',
      '#',
      '- [ ]',
      '**:**',
      '# A\n**B:',
      '```\n# no\n- [ ] no\n',
      '## Acceptance criteria\n- [x]',
      '\r\n\t',
    ];
    for (const text of odd) parsePlan(text);
    fc.assert(
      fc.property(fc.string(), (text) => {
        parsePlan(text);
      }),
    );
    assert.deepEqual(parsePlan('# A\n\n```\n## Acceptance Criteria\n- [ ] no\n```\n').criteria, []);
  });
});

describe('a comment in a plan', () => {
  const text = `# Session: Start <!-- of what? -->

**Type:** <!-- bug, docs --> bug
**Priority:** <!-- high? -->

## Context

<!-- One
over lines, and
blank ones -->

Before <!-- and --> after.

\`\`\`html
<!-- stays -->
\`\`\`

<!-- -->
Behind.

## Goal

<!-- What it is for. -->

## Problem

<!--> Slow.

## Acceptance Criteria

<!--
- [ ] not this
-->
- [ ] <!-- nor this -->
- [ ] this <!-- why? -->

## Subsessions

1. <!-- one -->
2. two

## Notes

<!-- to the end
`;
  const plan = parsePlan(text);

  test('is no part of what it says', () => {
    assert.equal(plan.title, 'Start');
    assert.deepEqual([fieldOf(plan, 'Type'), fieldOf(plan, 'Priority')], ['bug', '']);
    assert.equal(
      sectionText(text, plan, 'Context'),
      'Before  after.\n\n```html\n<!-- stays -->\n```\n\nBehind.',
    );
    assert.deepEqual(
      plan.criteria.map((criterion) => criterion.text),
      ['', 'this'],
    );
    assert.match(planProblems(plan).join(), /criteria is empty/);
    assert.deepEqual(
      plan.subsessions.map(({ title }) => title),
      ['two'],
    );
    assert.equal(sectionText(text, plan, 'Notes'), '');
  });

  test('is no goal', () => {
    assert.equal(goalOf(text, plan), 'Slow.');
    const empty = text.replace('Slow.', '');
    assert.equal(goalOf(empty, parsePlan(empty)), undefined);
    assert.deepEqual(emptyGoals(empty, parsePlan(empty)), ['Goal', 'Problem']);
    assert.deepEqual(emptyGoals(text, plan), []);
    assert.deepEqual(emptyGoals('# Session: A\n', parsePlan('# Session: A\n')), []);
  });
});

describe('an edit of a plan', () => {
  test('sets a field and nothing else', () => {
    assert.equal(withField(example, 'status', 'active'), example.replace('planned', 'active'));
    assert.equal(
      withField(example, 'Priority', 'high'),
      example.replace('**Priority:**', '**Priority:** high'),
    );
    assert.equal(
      withField(example, 'Type', 'a\nb'),
      example.replace('**Priority:**', '**Priority:**\n**Type:** a b'),
    );
    assert.equal(withField('# A\n\n## B\n', 'Status', 'x'), '# A\n\n**Status:** x\n\n## B\n');
    assert.equal(withField('', 'Status', 'x'), '**Status:** x\n');
  });

  test('checks boxes and nothing else', () => {
    const all = withCriteria(example, () => true);
    assert.equal(all, example.replace('- [ ] `mic', '- [x] `mic').replace('- [ ] on', '- [x] on'));
    assert.equal(
      withCriteria(all, ({ text }) => text === 'It is measured'),
      example,
    );
  });

  test('adds to a section, and adds the section', () => {
    assert.equal(
      withAddition('# A\n\n## B\n\n- one\n\n## C\n\nsee\n', 'b', '- two'),
      '# A\n\n## B\n\n- one\n- two\n\n## C\n\nsee\n',
    );
    assert.equal(withAddition('# A\n\n## B\n\nsome\n', 'B', 'more'), '# A\n\n## B\n\nsome\n\nmore\n');
    assert.equal(withAddition('# A\n', 'B', 'more'), '# A\n\n## B\n\nmore\n');
  });

  test('is found again, whatever else the plan holds', () => {
    const value = fc.string({ minLength: 1 }).filter((text) => /^[\w ]*\w$/.test(text.trim()));
    const body = fc
      .array(fc.constantFrom('text', '## Notes', '- [ ] a', '> quote', '', '1. x'))
      .map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(value, body, (text, rest) => {
        const plan = `# Session: X\n\n**Status:** drafting\n\n## Acceptance Criteria\n\n- [ ] one\n\n${rest}\n`;
        const edited = withField(plan, 'Status', text);
        assert.equal(fieldOf(parsePlan(edited), 'Status'), text.replace(/\s+/g, ' ').trim());
        assert.equal(withField(edited, 'Status', 'drafting'), plan);
        assert.deepEqual(
          parsePlan(withCriteria(edited, () => true)).criteria.map(({ met }) => met),
          parsePlan(edited).criteria.map(() => true),
        );
      }),
    );
  });
});
