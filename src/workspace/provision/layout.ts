import type { Stats } from 'node:fs';
import { dirname, relative, sep } from 'node:path';
import { baseName, joinPath, parentPath, pathFromText, rootPath, type TreePath } from '../../tree/path.ts';
import type { Rule } from './conf.ts';
import { findMatches, matchesOrIsBelow, parsePattern } from './path-pattern.ts';
import { type ConfPlace, ProvisionError, placeText } from './provision-error.ts';
import { type LeftOut, linkTarget, quoted, sourceStatus, sourceTree } from './source-tree.ts';
import { includeName } from './worktree-include.ts';

/** What a name of the workspace shall be. Sources are paths in the main workspace. */
export type WantedContent =
  | { readonly kind: 'directory'; readonly source: TreePath; readonly mode: number }
  | { readonly kind: 'copy'; readonly source: TreePath; readonly status: Stats }
  /** A symlink inside a copied directory, copied as it is. `target` is a byte string. */
  | { readonly kind: 'link'; readonly source: TreePath; readonly target: string }
  /** A symlink to the main workspace. */
  | {
      readonly kind: 'symlink';
      readonly source: TreePath;
      readonly target: string;
      readonly leadsTo: 'directory' | 'file';
    }
  | { readonly kind: 'template'; readonly source: TreePath };

export interface Wanted {
  readonly content: WantedContent;
  /** The destination of the line: of the file, or of the directory that the file is copied with. */
  readonly unit: TreePath;
  readonly place: ConfPlace;
  /** Whether the line names exactly this path, so that it cannot be left out in silence. */
  readonly named: boolean;
}

/** What a workspace shall have, by path and in the order of the paths, so that a directory comes before what is in it. */
export interface Layout {
  readonly wanted: ReadonlyMap<TreePath, Wanted>;
  readonly leftOut: readonly LeftOut[];
  /** Lines that match nothing, for people. */
  readonly notes: readonly string[];
}

/** The two directories: absolute, and without symlinks in them (`realpath`). */
export interface Places {
  readonly from: string;
  readonly to: string;
}

/**
 * Follows the rules, lowest first: each destination is what the last line says that names it, and a `skip` takes out
 * what the lines before it put in. `included` are paths that `.worktreeinclude` names; every rule overrules them. What is
 * wrong is put into `problems`.
 */
export function layOut(
  places: Places,
  included: readonly TreePath[],
  rules: readonly Rule[],
  problems: ProvisionError[],
): Layout {
  const builder = new LayoutBuilder(places, problems);
  const place = { file: includeName, line: 0 };
  for (const path of included) {
    const status = sourceStatus(places.from, path, 'no links');
    if (status?.isSymbolicLink())
      builder.leaveOut({ path, reason: `It is a symlink, which ${includeName} does not copy.` });
    else if (status !== undefined) builder.copy(path, status, path, place, 'matched');
  }
  for (const rule of rules) {
    if (rule.action === 'skip') builder.skip(rule);
    else builder.follow(rule);
  }
  return builder.finish();
}

class LayoutBuilder {
  readonly #places: Places;
  readonly #problems: ProvisionError[];
  readonly #wanted = new Map<TreePath, Wanted>();
  readonly #leftOut: LeftOut[] = [];
  readonly #notes: string[] = [];
  /** Where the workspace lies in the main one, if it does. */
  readonly #inside: TreePath | undefined;

  constructor(places: Places, problems: ProvisionError[]) {
    this.#places = places;
    this.#problems = problems;
    const between = relative(places.from, places.to);
    const isInside = between !== '' && !between.startsWith('..');
    this.#inside = isInside ? pathFromText(between.split(sep).join('/')) : undefined;
  }

  leaveOut(left: LeftOut): void {
    this.#leftOut.push(left);
  }

  follow(rule: Rule): void {
    const { source, place, optional } = rule;
    if (source.kind === 'path') {
      const status = this.#statusFor(rule, source.path);
      if (status !== undefined && !(source.isDirectory && !status.isDirectory())) {
        this.#add(rule, source.path, status, this.#destination(rule, source.path), 'named');
      } else if (!optional) {
        this.#problem('provision/source-missing', place, missingText(rule.action, source.path));
      }
      return;
    }
    let count = 0;
    for (const path of findMatches(this.#places.from, source.pattern)) {
      const status = this.#statusFor(rule, path);
      if (status === undefined || (source.isDirectory && !status.isDirectory())) continue;
      count++;
      this.#add(rule, path, status, this.#destination(rule, path), 'matched');
    }
    if (count === 0 && !optional) this.#notes.push(`${placeText(place)}: nothing matches the pattern.`);
  }

  /** Takes out what has been put in and whose source or destination the rule names, or lies below it. */
  skip({ source }: Rule): void {
    const escaped = source.kind === 'path' ? source.path.replace(/[*?[\\]/g, '\\$&') : '';
    const pattern = source.kind === 'pattern' ? source.pattern : undefined;
    const matches = (path: TreePath): boolean =>
      source.kind === 'path'
        ? path === source.path || path.startsWith(`${source.path}/`)
        : matchesOrIsBelow(pattern ?? parsePattern(escaped), path);
    for (const [path, { content }] of this.#wanted) {
      if (matches(path) || matches(content.source)) this.#wanted.delete(path);
    }
  }

  copy(source: TreePath, status: Stats, to: TreePath, place: ConfPlace, how: 'named' | 'matched'): void {
    if (this.#inside === source || this.#inside?.startsWith(`${source}/`)) {
      this.#problem(
        'provision/path-refused',
        place,
        `${quoted(source)} has the workspace itself in it. Name what is to be copied from it.`,
      );
      return;
    }
    const named = how === 'named';
    this.#begin(to);
    if (!status.isDirectory()) {
      if (!status.isFile()) {
        this.leaveOut({ path: source, reason: 'It is no file: a socket, a FIFO or a device.' });
        return;
      }
      this.#wanted.set(to, { content: { kind: 'copy', source, status }, unit: to, place, named });
      return;
    }
    const mode = status.mode & 0o777;
    this.#wanted.set(to, { content: { kind: 'directory', source, mode }, unit: to, place, named });
    const { from } = this.#places;
    for (const entry of sourceTree(from, source, this.#inside, (left) => this.#leftOut.push(left))) {
      const path = (to + entry.path.slice(source.length)) as TreePath;
      const content = copiedContent(from, entry.path, entry.status);
      this.#wanted.set(path, { content, unit: to, place, named: false });
    }
  }

  finish(): Layout {
    const paths = [...this.#wanted.keys()].sort();
    const wanted = new Map(paths.map((path) => [path, this.#wanted.get(path)!]));
    const holderOf = holders(wanted);
    for (const [path, { place, content }] of wanted) {
      if (this.#places.from === this.#places.to && content.source === path) {
        this.#problem('provision/path-refused', place, `${quoted(path)} would be made from itself.`);
      }
      const above = holderOf(parentPath(path));
      if (above === undefined) continue;
      const holder = wanted.get(above)!;
      this.#problem(
        'provision/in-the-way',
        place,
        `${quoted(path)} would lie in ${quoted(above)}, which ${placeText(holder.place)} makes a ${holder.content.kind}. Choose another destination, or take one of the lines out.`,
      );
    }
    return { wanted, leftOut: this.#leftOut, notes: this.#notes };
  }

  #add(rule: Rule, source: TreePath, status: Stats, to: TreePath, how: 'named' | 'matched'): void {
    const { place } = rule;
    const named = how === 'named';
    if (rule.action === 'copy') {
      this.copy(source, status, to, place, how);
    } else if (rule.action === 'symlink') {
      this.#begin(to);
      const leadsTo = status.isDirectory() ? 'directory' : 'file';
      const content = { kind: 'symlink', source, target: this.#target(source, to), leadsTo } as const;
      this.#wanted.set(to, { content, unit: to, place, named });
    } else if (status.isFile()) {
      this.#begin(to);
      this.#wanted.set(to, { content: { kind: 'template', source }, unit: to, place, named });
    } else {
      const what = `the template ${quoted(source)} is no file. Name a file, or all in it with ${quoted(source)}/*`;
      this.#problem('provision/source-missing', place, `${what}.`);
    }
  }

  /** What an earlier line has made of the same destination is forgotten. */
  #begin(unit: TreePath): void {
    const before = this.#wanted.get(unit);
    if (before === undefined) return;
    if (before.content.kind !== 'directory') return;
    for (const [path, wanted] of this.#wanted)
      if (wanted.unit === before.unit && isAtOrBelow(path, unit)) this.#wanted.delete(path);
  }

  #statusFor({ action }: Rule, path: TreePath): Stats | undefined {
    if (action !== 'symlink') return sourceStatus(this.#places.from, path, 'links inside');
    // A symlink to a symlink of the user's own leads where the user wants it to lead.
    return (
      sourceStatus(this.#places.from, path, 'links inside') ??
      sourceStatus(this.#places.from, path, 'no links')
    );
  }

  #destination({ action, source, destination }: Rule, path: TreePath): TreePath {
    const drop = (name: string): TreePath =>
      (action === 'template' ? name.replace(/(?<=[^/])\.j2$/, '') : name) as TreePath;
    if (destination.kind === 'path') return destination.path;
    if (destination.kind === 'same') return drop(path);
    if (source.kind === 'path') return joinPath(destination.directory, drop(baseName(path)) as never);
    const { fixed } = source.pattern;
    const below = fixed === '' ? path : path.slice(fixed.length + 1);
    return `${destination.directory}/${drop(below)}` as TreePath;
  }

  /** Relative where the workspace lies in the main one, so that both can be moved together; otherwise absolute. */
  #target(source: TreePath, to: TreePath): string {
    const { from, to: workspace } = this.#places;
    const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
    const absolute = `${bytes(from)}/${source}`;
    if (this.#inside === undefined) return absolute;
    // Node's own functions take any string for a path; byte strings stay byte strings.
    return relative(dirname(`${bytes(workspace)}/${to}`), absolute);
  }

  #problem(code: ProvisionError['code'], place: ConfPlace, what: string): void {
    this.#problems.push(new ProvisionError(code, `${placeText(place)}: ${what}`));
  }
}

/** Finds for a directory what of `wanted` is no directory and stands in its place, or in that of one above it. */
function holders(wanted: ReadonlyMap<TreePath, Wanted>): (directory: TreePath) => TreePath | undefined {
  const known = new Map<TreePath, TreePath | undefined>([[rootPath, undefined]]);
  const holderOf = (directory: TreePath): TreePath | undefined => {
    if (known.has(directory)) return known.get(directory);
    const kind = wanted.get(directory)?.content.kind ?? 'directory';
    const holder = kind === 'directory' ? holderOf(parentPath(directory)) : directory;
    known.set(directory, holder);
    return holder;
  };
  return holderOf;
}

function copiedContent(from: string, source: TreePath, status: Stats): WantedContent {
  if (status.isDirectory()) return { kind: 'directory', source, mode: status.mode & 0o777 };
  if (status.isSymbolicLink()) return { kind: 'link', source, target: linkTarget(from, source) };
  return { kind: 'copy', source, status };
}

function isAtOrBelow(path: TreePath, directory: TreePath): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function missingText(action: string, path: TreePath): string {
  const shown = quoted(path);
  return `${shown} is not in the main workspace, or a symlink leads out of it. Make it there, write "${action}?" at the beginning of the line if sessions can do without, or remove the line.`;
}

/** Whether a symlink inside a copied directory leads out of the workspace, as far as its text tells. */
export function leadsOut(path: TreePath, target: string): boolean {
  if (target.startsWith('/')) return true;
  let depth = path.split('/').length - 1;
  for (const part of target.split('/')) {
    if (part === '..') depth--;
    else if (part !== '' && part !== '.') depth++;
    if (depth < 0) return true;
  }
  return false;
}
