import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fieldOf, parsePlan, planProblems, sectionText } from '../../session/plan/plan.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import type { TreePath } from '../../tree/path.ts';
import {
  renderKnowledgePlan,
  renderSessionEnvironment,
  renderSessionPlan,
  type SessionPlanValues,
  type SessionTemplate,
  sessionTemplateNames,
} from './session-templates.ts';
import { packagedText } from './skeleton.ts';

const slug = parseSlug('2025-10-14-auth-system');
const nothing: SessionPlanValues = {
  slug,
  title: 'Auth <system> & more',
  context: '',
  problemStatement: '',
  acceptanceCriteria: [],
  subsessions: [],
  risks: [],
  dependencies: [],
  edgeCases: [],
  notes: '',
};

function packaged(kind: keyof typeof sessionTemplateNames): SessionTemplate {
  const name = sessionTemplateNames[kind];
  return { file: name, text: packagedText(`sessions/_templates/${name}`) };
}

describe('the template of a plan', () => {
  test('gives a plan with everything that was said', () => {
    const text = renderSessionPlan(packaged('plan'), {
      ...nothing,
      context: 'There is none.\n\nSee `src/main.ts`.',
      problemStatement: 'Anybody can do anything.',
      acceptanceCriteria: ['A login\nis needed', 'It is tested'],
      subsessions: ['Passwords', 'Tokens'],
      risks: ['Lock-out'],
      dependencies: ['A database'],
      edgeCases: ['No clock'],
      notes: 'Ask Bob.',
    });
    const plan = parsePlan(text);
    assert.deepEqual(planProblems(plan), []);
    assert.equal(plan.title, 'Auth <system> & more');
    assert.equal(fieldOf(plan, 'session id'), slug);
    assert.deepEqual(
      plan.criteria.map(({ text: words, met }) => [words, met]),
      [
        ['A login is needed', false],
        ['It is tested', false],
      ],
    );
    assert.deepEqual(
      plan.subsessions.map(({ title }) => title),
      ['Passwords', 'Tokens'],
    );
    assert.equal(sectionText(text, plan, 'Context'), 'There is none.\n\nSee `src/main.ts`.');
    assert.equal(sectionText(text, plan, 'Problem'), 'Anybody can do anything.');
    assert.equal(sectionText(text, plan, 'Risks'), '- Lock-out');
    assert.equal(sectionText(text, plan, 'Dependencies'), '- A database');
    assert.equal(sectionText(text, plan, 'Edge Cases'), '- No clock');
    assert.equal(sectionText(text, plan, 'Notes'), 'Ask Bob.');
    assert.doesNotMatch(text, /\n\n\n|<!--/);
  });

  test('says what is missing where nothing was said, and the plan is not ready', () => {
    const text = renderSessionPlan(packaged('plan'), nothing);
    const plan = parsePlan(text);
    assert.deepEqual(plan.criteria, []);
    assert.equal(planProblems(plan).length, 1);
    assert.match(text, /## Context\n\n<!-- What there is/);
    assert.doesNotMatch(text, /## Risks|\n\n\n/);
  });

  test('can be changed by a project, and names file and variable where one is unknown', () => {
    const own = { file: '_templates/SESSION.md.j2', text: '# {{ SESSION_SLUG }}: {{ NOTES }}' };
    assert.equal(renderSessionPlan(own, { ...nothing, notes: 'n' }), '# 2025-10-14-auth-system: n\n');
    const wrong = { ...own, text: '#\n{{ REVIEWER }}' };
    assert.throws(() => renderSessionPlan(wrong, nothing), {
      code: 'provision/variable-undefined',
      message: /^_templates\/SESSION\.md\.j2, line 2: "REVIEWER" is not defined\. There are .*SESSION_SLUG/,
    });
  });
});

test('the template of a session that merges knowledge gives a plan that can be claimed', () => {
  const text = renderKnowledgePlan(packaged('knowledgePlan'), {
    slug: parseSlug('kb-2025-10-15-merge-auth'),
    source: slug,
    topic: 'auth',
    learnings: `_AGENTS/knowledge/sessions/${slug}/learnings.md` as TreePath,
    createdMs: Date.UTC(2025, 9, 15, 8),
  });
  const plan = parsePlan(text);
  assert.deepEqual(planProblems(plan), []);
  assert.equal(fieldOf(plan, 'Source session'), slug);
  assert.equal(fieldOf(plan, 'Created'), '2025-10-15T08:00:00Z');
  assert.match(plan.criteria[0]!.text, /learnings\.md/);
});

test('the template of an environment gives what a shell takes on, whatever the names hold', () => {
  const agent = { name: 'O\'Neil "$(exit 7)"', email: 'o@example.org' };
  const text = renderSessionEnvironment(packaged('environment'), slug, agent);
  const print = '\nprintf "%s|" "$SESSION_SLUG" "$SESSION_BRANCH" "$GIT_AUTHOR_NAME" "$GIT_COMMITTER_EMAIL"';
  const output = execFileSync('sh', ['-c', text + print], { encoding: 'utf8' });
  assert.equal(output, `${slug}|session/${slug}|${agent.name}|${agent.email}|`);
});
