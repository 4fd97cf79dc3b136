import type { Hash } from '../../src/base/hash.ts';
import { type Change, directoryMode, type Entry } from '../../src/tree/entry.ts';
import type { TreePath } from '../../src/tree/path.ts';
import type { GitObjects } from './git-objects.ts';
import { type GitContext, GitDialogue } from './git-process.ts';

/** An entry of a git tree as one of ours. The blob's git id stands for its hash, which is all that merging asks of it. */
export function entryFromGit(mode: number, id: string, size: number): Entry {
  switch (mode & 0o170000) {
    case 0o040000:
      return { type: 'directory', mode: directoryMode };
    case 0o120000:
      return { type: 'symlink', size, hash: id as Hash };
    case 0o160000:
      return { type: 'gitlink', commit: id };
    default:
      return { type: 'file', mode: (mode & 0o100) === 0 ? 0o644 : 0o755, size, hash: id as Hash };
  }
}

/** What a tree changed of another, found by git. */
export class TreeComparison {
  readonly #diff: GitDialogue;
  readonly #objects: GitObjects;
  #questions = 0;

  /** Compares only what matches `pathspecs`, where there are any. */
  constructor(context: GitContext, objects: GitObjects, pathspecs: readonly string[] = []) {
    this.#objects = objects;
    this.#diff = new GitDialogue(context, [
      'diff-tree',
      '--stdin',
      '-r',
      '-t',
      '-z',
      '--raw',
      '--no-renames',
      '--',
      ...pathspecs,
    ]);
  }

  /** The changes from tree to tree, directories that came and went included. Both are named by their ids. */
  async changes(before: string, after: string): Promise<Change<TreePath>[]> {
    const byPath = new Map<TreePath, Change<TreePath>>();
    for (const record of await this.#records(before, after)) {
      const known = byPath.get(record.path);
      const change: Change<TreePath> = {
        path: record.path,
        before: record.before ?? known?.before,
        after: record.after ?? known?.after,
      };
      const onlyInside = change.before?.type === 'directory' && change.after?.type === 'directory';
      if (!onlyInside) byPath.set(record.path, change);
    }
    return Promise.all([...byPath.values()].map((change) => this.#withSizes(change)));
  }

  close(): void {
    this.#diff.close();
  }

  async #records(before: string, after: string): Promise<Change<TreePath>[]> {
    // A line that names no object is repeated as it is, and flushes what came before it. No path has a double slash.
    const end = `//end of question ${this.#questions++}\n`;
    const answer = await this.#diff.ask(`${before} ${after}\n${end}`, (received) => {
      const at = received.indexOf(end);
      return at < 0 ? undefined : at + end.length;
    });
    const [first = '', ...rest] = answer.toString('latin1', 0, answer.length - end.length).split('\0');
    const headerEnd = first.indexOf(':');
    const tokens = headerEnd < 0 ? rest : [first.slice(headerEnd), ...rest];
    const records: Change<TreePath>[] = [];
    for (let at = 0; at + 1 < tokens.length; at += 2) {
      const [oldMode, newMode, oldId, newId] = tokens[at]!.slice(1).split(' ');
      const entry = (mode: string, id: string) =>
        Number.parseInt(mode, 8) === 0 ? undefined : entryFromGit(Number.parseInt(mode, 8), id, 0);
      records.push({
        path: tokens[at + 1] as TreePath,
        before: entry(oldMode!, oldId!),
        after: entry(newMode!, newId!),
      });
    }
    return records;
  }

  async #withSizes({ path, before, after }: Change<TreePath>): Promise<Change<TreePath>> {
    const [sizedBefore, sizedAfter] = await Promise.all([this.#sized(before), this.#sized(after)]);
    return { path, before: sizedBefore, after: sizedAfter };
  }

  async #sized(entry: Entry | undefined): Promise<Entry | undefined> {
    if (entry?.type !== 'file') return entry;
    return { ...entry, size: await this.#objects.size(entry.hash) };
  }
}
