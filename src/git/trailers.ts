import { GitError } from './git-error.ts';

/** A line at the end of a commit message that programs read: `Session: fix-login`. */
export type Trailer = readonly [key: string, value: string];

const keyPattern = /^[A-Za-z0-9][A-Za-z0-9-]*$/;
const trailerLine = /^[A-Za-z0-9][A-Za-z0-9-]*: /;

/**
 * A message with trailers as its last paragraph, as `git interpret-trailers` reads them. A message that ends with such
 * a paragraph already gets the new ones below. A value of several lines is folded. Throws `git/message-invalid` for a
 * key that is not letters, digits and dashes.
 */
export function withTrailers(message: string, trailers: readonly Trailer[]): string {
  const text = message.trimEnd();
  if (trailers.length === 0) return text;
  const lines = trailers.map(formatTrailer);
  return `${text}${endsWithTrailers(text) ? '\n' : '\n\n'}${lines.join('\n')}`;
}

function formatTrailer([key, value]: Trailer): string {
  if (!keyPattern.test(key)) {
    throw new GitError(
      'git/message-invalid',
      `${JSON.stringify(key)} cannot be the key of a trailer: use letters, digits and "-".`,
    );
  }
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return `${key}: ${lines.filter((line) => line !== '').join('\n ')}`;
}

/** Whether the last paragraph, which is not the first, has nothing but trailers and their folded lines. */
function endsWithTrailers(text: string): boolean {
  const paragraphs = text.split(/\n(?:[ \t]*\n)+/);
  if (paragraphs.length < 2) return false;
  const lines = paragraphs.at(-1)!.split('\n');
  return lines.every((line, index) => trailerLine.test(line) || (index > 0 && /^[ \t]/.test(line)));
}
