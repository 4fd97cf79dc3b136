import { resolve } from 'node:path';
import type { OpenProject } from '../app/open-project.ts';
import type { Imported, Source } from '../app/projects.ts';
import type { CommandContext } from './command.ts';
import { flag, type OptionValues, text } from './options.ts';
import { counted, size } from './wording.ts';

/** The options that say where files are imported from. */
export const sourceOptions = {
  from: text('--from <directory>', 'a git repository, or a directory with files'),
  revision: text('--revision <revision>', 'the branch, tag or commit to import (otherwise HEAD)'),
  files: flag('--files', 'import the files as they lie there, even if it is a repository'),
  all: flag('--all', 'take in what .gitignore excludes too; only for files'),
  message: text('-m, --message <text>', 'what the import is'),
};

/** What the options say, with the directory made absolute; undefined without `--from`. */
export function sourceOf(
  { directory }: CommandContext,
  { from, revision, files, all }: Omit<OptionValues<typeof sourceOptions>, 'message'>,
): Source | undefined {
  if (from === undefined) return undefined;
  return {
    directory: resolve(directory, from),
    revision,
    as: files ? 'files' : 'detect',
    ignored: all ? 'take' : 'leave',
  };
}

export function importText(project: OpenProject, { landing, commit, entries, newBytes }: Imported): string {
  const what = commit === null ? '' : ` at ${commit.slice(0, 12)}`;
  return [
    `Imported ${counted(entries, 'entry', 'entries')}${what} into ${project.name} (${size(newBytes)} new)`,
    `Head: landing ${landing.sequence}, ${counted(landing.changeCount, 'changed file')}`,
    `Tree: sha256:${landing.tree}`,
  ].join('\n');
}

export function importJson(
  project: OpenProject,
  { landing, commit, entries, newBytes, leftBehind }: Imported,
) {
  const { sequence, changeCount, tree } = landing;
  return {
    project: project.name,
    sequence,
    tree: `sha256:${tree}`,
    commit,
    entries,
    changeCount,
    newBytes,
    leftBehind,
  };
}

export function importNotes({ leftBehind }: Imported): string[] {
  return leftBehind.map((line) => `left behind: ${line}`);
}
