import { SessionError } from '../session-error.ts';

/**
 * The name of a session of the git ledger: `YYYY-MM-DD-descriptive-slug`, or `kb-YYYY-MM-DD-merge-topic` for one that
 * merges knowledge. Words are of `a-z` and `0-9`, joined by `-`, so that a slug is a folder, a branch and a ref anywhere.
 */
export type Slug = string & { readonly Slug: unique symbol };

/** In characters, all of which are one byte. Leaves room in a file name for what is put behind it, such as `.patch`. */
const slugLengthMax = 200;
const pattern = /^(?:kb-)?(\d{4})-(\d{2})-(\d{2})(?:-[a-z0-9]+)+$/;

/** Throws `session/id-invalid`. */
export function parseSlug(text: string): Slug {
  if (isSlug(text)) return text;
  throw new SessionError(
    'session/id-invalid',
    `"${text.slice(0, 80)}" cannot name a session. Write a date and some words of a-z and 0-9, joined by "-", such as 2025-10-14-auth-system, or kb-2025-10-14-merge-auth-patterns; at most ${slugLengthMax} characters.`,
  );
}

/** Whether `text` is a slug, with a date that there is. */
export function isSlug(text: string): text is Slug {
  const [, year, month, day] = (text.length <= slugLengthMax && pattern.exec(text)) || [];
  if (year === undefined) return false;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

/** Small letters that Unicode does not take apart into one of `a-z` and a mark, as people write them without. */
const plainLetters = new Map(
  [
    'ß:ss æ:ae œ:oe ø:o ł:l đ:d ð:d þ:th ı:i ȷ:j ħ:h ŧ:t ŋ:ng ĸ:k ə:e ɛ:e ɔ:o ƀ:b ɓ:b ƈ:c ɖ:d ɗ:d ƒ:f',
    'ǥ:g ɠ:g ɣ:g ɨ:i ƙ:k ƚ:l ɲ:n ɵ:o ƥ:p ʂ:s ƭ:t ʉ:u ʋ:v ƴ:y ƶ:z',
  ].flatMap((line) => line.split(' ').map((pair) => pair.split(':') as [string, string])),
);

/** The words of a title as a slug has them; empty where none of its letters can be written in `a-z` and `0-9`. */
export function slugWords(title: string): string {
  return title
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^\0-\x7f]/gu, (letter) => plainLetters.get(letter) ?? letter)
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/** Whether the session merges knowledge: only these may write the knowledge that all share. */
export function isKnowledgeSlug(slug: Slug): boolean {
  return slug.startsWith('kb-');
}
