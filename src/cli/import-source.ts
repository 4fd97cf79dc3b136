import { resolve } from 'node:path';
import type { OpenProject } from '../app/open-project.ts';
import { importSource, type Source } from '../app/projects.ts';
import type { Answer, CommandContext } from './command.ts';
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

/** Imports `source` into `project` and says what came of it. */
export async function importInto(
  { configuration, environment, progress }: CommandContext,
  project: OpenProject,
  source: Source,
  message: string | undefined,
): Promise<Answer> {
  const imported = await importSource(
    project,
    environment,
    source,
    configuration.agent,
    message,
    progress.update,
  );
  const { landing, commit, entries, newBytes, leftBehind } = imported;
  const { sequence, changeCount, tree } = landing;
  const what = commit === null ? '' : ` at ${commit.slice(0, 12)}`;
  return {
    json: {
      project: project.name,
      sequence,
      tree: `sha256:${tree}`,
      commit,
      entries,
      changeCount,
      newBytes,
      leftBehind,
    },
    text: [
      `Imported ${counted(entries, 'entry', 'entries')}${what} into ${project.name} (${size(newBytes)} new)`,
      `Head: landing ${sequence}, ${counted(changeCount, 'changed file')}`,
      `Tree: sha256:${tree}`,
    ].join('\n'),
    notes: leftBehind.map((line) => `left behind: ${line}`),
  };
}
