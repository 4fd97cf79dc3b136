import { resolve } from 'node:path';
import { type ChosenTree, chooseTree } from '../../app/choose-tree.ts';
import { exportToGit } from '../../app/projects.ts';
import { parseRefName } from '../../git/refs.ts';
import { exportDirectory } from '../../workspace/export-directory.ts';
import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import { projectFor } from '../open.ts';
import { number, text } from '../options.ts';
import { counted } from '../wording.ts';

export default command({
  summary: 'Write a head, session or landing to a directory or a git repository',
  description:
    'Writes the head of a project, or what --session, --landing or --tree names: as plain files into an empty directory, or\nas a commit of a git repository, on a branch, without touching its working tree. The commit names the project, landing\nand session in trailers.',
  arguments: [
    { name: '[org/name]', description: 'the project (otherwise that of the workspace, or $MICELIO_PROJECT)' },
  ],
  options: {
    to: text('--to <directory>', 'an empty directory, or one that does not exist, for plain files'),
    git: text('--git <repository>', 'a git repository for a commit'),
    ref: text('--ref <ref>', 'the ref to move to the commit (otherwise refs/heads/micelio)'),
    session: text('--session <id>', 'the files of a session, as they were last recorded'),
    landing: number('--landing <number>', 'the files as a landing left them'),
    tree: text('--tree <hash>', 'the files of any tree'),
    message: text(
      '-m, --message <text>',
      'the message of the commit (otherwise that of the landing or the goal)',
    ),
  },
  examples: [
    ['mic project export acme/web --git=../web --ref=refs/heads/agents', 'The head as a commit on a branch'],
    ['mic project export acme/web --to=/tmp/web --landing=12', 'The files as landing 12 left them'],
    [
      'mic project export --session=sess-4k2m9x7qw0ab --git=. --ref=refs/heads/review',
      'A session, to be reviewed',
    ],
  ],
  async run(context, [name], { to, git, ref, session, landing, tree, message }) {
    if ((to === undefined) === (git === undefined))
      throw new CliError('cli/usage', 'Say where to: either --to DIRECTORY or --git REPOSITORY.');
    if ([session, landing, tree].filter((choice) => choice !== undefined).length > 1) {
      throw new CliError('cli/usage', 'Say one of --session, --landing and --tree.');
    }
    const project = await projectFor(context, name);
    const chosen: ChosenTree = await chooseTree(project, context.configuration.agent, {
      session,
      landing,
      tree,
    });
    if (to !== undefined) {
      const directory = resolve(context.directory, to);
      let files = 0;
      await exportDirectory(project, chosen.tree, directory, (progress) => {
        files = progress.filesTotal;
        context.progress.update('Writing files', progress.files, progress.filesTotal);
      });
      return {
        json: { tree: `sha256:${chosen.tree}`, directory, files },
        text: `Wrote ${counted(files, 'file')} to ${directory}.`,
      };
    }
    const target = parseRefName(ref ?? 'refs/heads/micelio');
    const exported = { ...chosen, message: message ?? chosen.message };
    const { commit, gitTree } = await exportToGit(
      project,
      context.environment,
      resolve(context.directory, git!),
      target,
      exported,
      context.progress.update,
    );
    return {
      json: { tree: `sha256:${chosen.tree}`, commit, gitTree, ref: target },
      text: `${target} is now ${commit}.`,
    };
  },
});
