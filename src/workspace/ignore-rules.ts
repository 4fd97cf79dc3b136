import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import ignore, { type Ignore } from 'ignore';
import { isAbsent, systemCode } from '../base/system-error.ts';
import type { TreePath } from '../tree/path.ts';
import { diskPath } from './disk-path.ts';
import { unreadable } from './workspace-error.ts';

/** The name of the files that say what is ignored. */
export const ignoreFileName = '.gitignore';

/** After this many questions the matcher's memory of its answers is dropped. */
const answersMax = 20_000;

/**
 * What the `.gitignore` files from the root down to some directory say. The rules of a nested file are rewritten to be
 * relative to the root and stand behind those of the files above, so that one matcher sees all of them in the order in
 * which they overrule each other. Patterns and paths are byte strings and match byte by byte, as git does.
 */
export class IgnoreRules {
  static readonly none = new IgnoreRules(ignore({ ignoreCase: false }));

  readonly #rules: Ignore;
  #matcher: Ignore;
  #answers = 0;

  private constructor(rules: Ignore) {
    this.#rules = rules;
    this.#matcher = rules;
  }

  /** These rules and, where `directory` has a `.gitignore` of its own, what that one says. */
  within(root: string, directory: TreePath): IgnoreRules {
    const text = readIgnoreFile(root, directory);
    return text === undefined ? this : this.with(directory, text);
  }

  /** These rules and those in `text`, the bytes of a `.gitignore` in `directory`. */
  with(directory: TreePath, text: string): IgnoreRules {
    const patterns = patternsOf(text).map((pattern) => rebase(pattern, directory));
    if (patterns.length === 0) return this;
    return new IgnoreRules(ignore({ ignoreCase: false }).add(this.#rules).add(patterns));
  }

  /** Whether `path`, or a directory above it, is ignored. */
  ignores(path: TreePath, type: 'directory' | 'other'): boolean {
    if (++this.#answers > answersMax) {
      this.#matcher = ignore({ ignoreCase: false }).add(this.#rules);
      this.#answers = 0;
    }
    return this.#matcher.test(type === 'directory' ? `${path}/` : path).ignored;
  }
}

const byteOrderMark = '\xef\xbb\xbf';

/** The lines of a `.gitignore` that are patterns. */
function patternsOf(text: string): string[] {
  const start = text.startsWith(byteOrderMark) ? byteOrderMark.length : 0;
  const lines = text.slice(start).split('\n');
  return lines
    .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
    .filter((line) => !line.startsWith('#') && /[^/ !]/.test(line));
}

/** The pattern that means at the root what `pattern` means in `directory`. */
function rebase(pattern: string, directory: TreePath): string {
  if (directory === '') return pattern;
  const negated = pattern.startsWith('!');
  const body = negated ? pattern.slice(1) : pattern;
  // A slash anywhere but at the end ties a pattern to its directory; without one it holds at every depth.
  const tied = /\/(?! *$)/.test(body);
  const between = tied ? (body.startsWith('/') ? '' : '/') : '/**/';
  const escaped = directory.replace(/[\\*?[]/g, (character) => `\\${character}`);
  return `${negated ? '!' : ''}/${escaped}${between}${body}`;
}

/** The bytes of a directory's `.gitignore`. One that is a symlink is not followed, as git does not. */
function readIgnoreFile(root: string, directory: TreePath): string | undefined {
  const path = directory === '' ? ignoreFileName : `${directory}/${ignoreFileName}`;
  let descriptor: number;
  try {
    descriptor = openSync(
      diskPath(root, path),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
  } catch (error) {
    if (isAbsent(error) || systemCode(error) === 'ELOOP') return undefined;
    throw unreadable(path, error);
  }
  try {
    return readFileSync(descriptor, 'latin1');
  } catch (error) {
    if (systemCode(error) === 'EISDIR') return undefined;
    throw unreadable(path, error);
  } finally {
    closeSync(descriptor);
  }
}
