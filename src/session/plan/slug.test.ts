import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isKnowledgeSlug, parseSlug } from './slug.ts';

test('a slug is a date and words, with kb- in front for knowledge', () => {
  for (const text of [
    '2025-10-14-auth-system',
    'kb-2025-10-14-merge-auth-patterns',
    '2024-02-29-x',
    '2025-10-14-7',
  ])
    assert.equal(parseSlug(text), text);
  assert.equal(isKnowledgeSlug(parseSlug('kb-2025-10-14-merge-a')), true);
  assert.equal(isKnowledgeSlug(parseSlug('2025-10-14-kb-a')), false);
});

test('what could be another name, path or ref is refused', () => {
  const wrong = [
    '',
    'auth-system',
    '2025-10-14',
    '2025-10-14-',
    '2025-10-14--a',
    '2025-10-14-a-',
    '2025-13-01-a',
    '2025-02-29-a',
    '2025-00-10-a',
    '2025-10-14-Auth',
    '2025-10-14-a/b',
    '2025-10-14-a.lock',
    '2025-10-14-a b',
    '2025-10-14-a\n',
    '../2025-10-14-a',
    'KB-2025-10-14-a',
    `2025-10-14-${'a'.repeat(200)}`,
  ];
  for (const text of wrong) assert.throws(() => parseSlug(text), { code: 'session/id-invalid' }, text);
});
