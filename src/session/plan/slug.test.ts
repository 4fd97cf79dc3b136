import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isKnowledgeSlug, parseSlug, slugWords } from './slug.ts';

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

test('the letters of a title are written in a-z where people do so', () => {
  const titles: readonly (readonly [string, string])[] = [
    ['Schnéller  Start!', 'schneller-start'],
    ['Die Straße, DIE STRAẞE', 'die-strasse-die-strasse'],
    ['Łódź Øst Ærø Œuvre Đà Þór Ǿ Ǽ', 'lodz-ost-aero-oeuvre-da-thor-o-ae'],
    ['Iğdır İzmir ﬁn ½ Ĳ', 'igdir-izmir-fin-1-2-ij'],
    ['Don’t — (really)', 'don-t-really'],
    ['Ёлка 猫', ''],
  ];
  for (const [title, words] of titles) assert.equal(slugWords(title), words, title);
});
