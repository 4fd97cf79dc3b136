import { resolve } from 'node:path';
import { type PlacedSession, placeNewSession } from '../../app/placement.ts';
import type { ProjectLedger } from '../../session/project.ts';
import type { Session } from '../../session/session.ts';
import { startSession } from '../../session/start.ts';
import { type WorkspaceKind, workspaceKinds } from '../../session/workspace-port.ts';
import { CliError } from '../cli-error.ts';
import { type CommandContext, command } from '../command.ts';
import { placedAnswer } from '../describe-session.ts';
import { ledgerFor, workspacesOf } from '../open.ts';
import { choice, text } from '../options.ts';

export default command({
  summary: 'Start a session on the head of a project',
  description:
    'Starts a session: an isolated, complete copy of the project as its head is now. Nothing that is done in it is seen\nelsewhere before it lands. A mount that this user may not make here is served all the same: the command that mounts it\nis printed, and the exit code is 8.',
  arguments: [{ name: '<title>', description: 'a few words that name the session' }],
  options: {
    project: text(
      '--project <org/name>',
      'the project (otherwise that of the workspace, or $MICELIO_PROJECT)',
    ),
    goal: text('--goal <text>', 'what the session is to accomplish (otherwise the title)'),
    description: text('--description <text>', 'more about it'),
    workspace: choice(
      '--workspace <kind>',
      'where its files can be edited',
      [...workspaceKinds, 'none'],
      'checkout',
    ),
    directory: text(
      '--directory <path>',
      'where to make the workspace (otherwise below $MICELIO_WORKSPACES)',
    ),
  },
  examples: [
    [
      'mic session start "add authentication" --project=acme/web --goal="JWT for the API"',
      'Start, with a directory to edit in',
    ],
    [
      'cd "$(mic session start "fix login" --project=acme/web --json | jq -r .workspace)"',
      'Start, and go there',
    ],
    [
      'mic session start "read only" --project=acme/web --workspace=none',
      'Start without a directory: a few milliseconds',
    ],
    [
      'mic session start "try the new parser" --project=acme/web --workspace=mount',
      'Start with a mounted directory: at once, however large the project is',
    ],
  ],
  async run(context, [title], options) {
    if (options.workspace === 'none' && options.directory !== undefined) {
      throw new CliError('cli/usage', '--directory needs a workspace: leave --workspace=none away.');
    }
    const ledger = ledgerFor(context, options.project);
    const session = await startSession(ledger, {
      title: title!,
      goal: options.goal ?? title!,
      agent: context.configuration.agent,
      ...(options.description !== undefined && { description: options.description }),
    });
    const placed =
      options.workspace === 'none'
        ? { session, workspace: undefined }
        : await place(context, ledger, session, options.workspace, options.directory);
    return placedAnswer(placed);
  },
});

async function place(
  context: CommandContext,
  project: ProjectLedger,
  session: Session,
  kind: WorkspaceKind,
  directory: string | undefined,
): Promise<PlacedSession> {
  const path = directory === undefined ? undefined : resolve(context.directory, directory);
  const workspaces = await workspacesOf(context);
  const openProject = () => context.micelio.project(project.name);
  const placing = { project, openProject, workspaces };
  return placeNewSession(placing, session, { kind, directory: path }, context.progress.update);
}
