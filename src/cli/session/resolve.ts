import { relative, resolve, sep } from 'node:path';
import { resolveConflicts } from '../../session/landing/conflicts.ts';
import { pathFromShown } from '../../tree/path.ts';
import { command } from '../command.ts';
import { meansHub, sessionFor } from '../open.ts';
import { text } from '../options.ts';
import { doneWithGit } from '../other-ledger.ts';

export default command({
  summary: 'Say that a conflicted file is right as it is',
  description:
    'For conflicts that editing the file does not show to be resolved, such as one side deleting what the other changed.',
  arguments: [
    {
      name: '<paths...>',
      description:
        'the files as mic shows them, from the top of the project or relative to where you are in the workspace',
    },
  ],
  options: { session: text('--session <id>', 'the session (otherwise that of this workspace)') },
  examples: [['mic session resolve logo.png', 'Keep the file as it is in the workspace']],
  async run(context, args, { session: id }) {
    if (await meansHub(context, { session: id }))
      throw doneWithGit(
        'In a git repository, git knows which files are in conflict.',
        'in the workspace, git status lists them, git add FILE says that one is right, and git commit goes on.',
      );
    const { project, session } = await sessionFor(context, id);
    const paths = (args.flat() as string[]).map((path) =>
      pathFromShown(inProject(context.configuration.workspace?.directory, context.directory, path)),
    );
    const { conflicts } = await resolveConflicts(project, session.id, paths);
    const open = conflicts.filter(({ resolved }) => !resolved).length;
    return {
      json: { sessionId: session.id, resolved: args.flat(), open },
      text: open === 0 ? 'All conflicts are resolved. Land again.' : '',
    };
  },
});

/** A path as typed in `directory`, from the top of the workspace. */
function inProject(top: string | undefined, directory: string, path: string): string {
  if (top === undefined) return path;
  const fromTop = relative(top, resolve(directory, path));
  return fromTop.startsWith('..') ? path : fromTop.split(sep).join('/');
}
