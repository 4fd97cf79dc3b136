import { type FileName, joinPath, pathFromText, rootPath, type TreePath } from '../../tree/path.ts';
import { diskStatus } from '../disk-status.ts';
import { listNames } from '../walk.ts';
import { isHeavyName } from './file-categories.ts';
import { isReserved } from './provision-path.ts';

/** One part of a pattern between two `/`: a name as it is, `**` for any number of directories, or names that match. */
type Segment =
  | { readonly kind: 'name'; readonly name: FileName }
  | { readonly kind: 'any-directories' }
  | { readonly kind: 'matching'; readonly names: RegExp };

/** A pattern for paths from the top: `*`, `?` and `[a-z]` within a name (also one that begins with a dot), and `**`. */
export interface PathPattern {
  readonly segments: readonly Segment[];
  /** The directory in front of the first part that is no name. */
  readonly fixed: TreePath;
}

/** True for a text with a character in it that makes it a pattern. `\` takes a character as it is. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text.replace(/\\./g, ''));
}

/** A text without the `\` in front of characters that are taken as they are. */
export function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}

/** `text` must be without leading and trailing `/`. */
export function parsePattern(text: string): PathPattern {
  const segments = text.split('/').map(parseSegment);
  let fixed = rootPath;
  for (const segment of segments.slice(0, -1)) {
    if (segment.kind !== 'name') break;
    fixed = joinPath(fixed, segment.name);
  }
  return { segments, fixed };
}

/** Whether `path`, or a directory above it, matches. */
export function matchesOrIsBelow({ segments }: PathPattern, path: TreePath): boolean {
  return matchFrom(segments, path.split('/') as FileName[]);
}

/**
 * What below `root` matches, in order. Symlinks are not followed, `.git` is not looked into, and `**` does not enter
 * directories of dependencies and caches: who means those names them.
 */
export function findMatches(root: string, { segments }: PathPattern): TreePath[] {
  const found = new Set<TreePath>();
  find(root, rootPath, segments, found);
  return [...found].sort();
}

function find(root: string, directory: TreePath, segments: readonly Segment[], found: Set<TreePath>): void {
  const [segment, ...rest] = segments;
  if (segment === undefined) return;
  const take = (path: TreePath): void => {
    if (rest.length === 0) found.add(path);
    else if (diskStatus(root, path)?.isDirectory()) find(root, path, rest, found);
  };
  if (segment.kind === 'name') {
    const path = joinPath(directory, segment.name);
    if (diskStatus(root, path) !== undefined) take(path);
    return;
  }
  for (const entry of listNames(root, directory)) {
    const name = entry.name as FileName;
    if (isReserved(name)) continue;
    const path = joinPath(directory, name);
    if (segment.kind === 'matching') {
      if (segment.names.test(name)) take(path);
    } else if (rest.length === 0) {
      found.add(path);
    } else if (entry.isDirectory() && !isHeavyName(name)) {
      find(root, path, segments, found);
    }
  }
  if (segment.kind === 'any-directories') find(root, directory, rest, found);
}

function matchFrom(segments: readonly Segment[], names: readonly FileName[]): boolean {
  const [segment, ...rest] = segments;
  if (segment === undefined) return true;
  const [name, ...below] = names;
  if (name === undefined) return false;
  if (segment.kind !== 'any-directories') return matchesName(segment, name) && matchFrom(rest, below);
  return rest.length === 0 || matchFrom(rest, names) || matchFrom(segments, below);
}

function matchesName(segment: Segment & { kind: 'name' | 'matching' }, name: FileName): boolean {
  return segment.kind === 'name' ? segment.name === name : segment.names.test(name);
}

function parseSegment(text: string): Segment {
  if (text === '**') return { kind: 'any-directories' };
  if (!isPattern(text)) return { kind: 'name', name: pathFromText(unescaped(text)) as string as FileName };
  return { kind: 'matching', names: nameExpression(text) };
}

/** The names that a part of a pattern stands for. */
function nameExpression(text: string): RegExp {
  const pieces = text.matchAll(/\\(.)|(\*+)|(\?)|\[([!^]?)([^\]]+)\]|(.)/gsu);
  let expression = '';
  for (const [, escaped, stars, one, negation, set, plain] of pieces) {
    if (stars !== undefined) expression += '.*';
    else if (one !== undefined) expression += '.';
    else if (set !== undefined)
      expression += `[${negation ? '^' : ''}${pathFromText(set).replace(/[\\\]^]/g, '\\$&')}]`;
    else expression += pathFromText(escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  }
  return new RegExp(`^${expression}$`, 's');
}
