import { resolve } from 'node:path';
import { type PlacedSession, placeNewSession } from '../../app/placement.ts';
import type { ProjectLedger } from '../../session/project.ts';
import type { Session } from '../../session/session.ts';
import { startSession } from '../../session/start.ts';
import { type WorkspaceKind, workspaceKinds } from '../../session/workspace-port.ts';
import { CliError } from '../cli-error.ts';
import { type CommandContext, command } from '../command.ts';
import { placedAnswer } from '../describe-session.ts';
import { draftOptions } from '../git-session/draft-options.ts';
import { gitWorkspaceKinds, storeWorkspace } from '../git-session/workspace-options.ts';
import { ledgerFor, meansHub, workspacesOf } from '../open.ts';
import { type OptionValues, optionalChoice, text } from '../options.ts';
import { refuseInGit, refuseInStore } from '../other-ledger.ts';
import { printed, printedAs, printPathOption } from '../print-path.ts';

export default command({
  summary: 'Start a session, with a workspace to edit in',
  description:
    'Starts a session: an isolated, complete copy of the project as its head is now. Nothing that is done in it is seen\nelsewhere before it lands. A mount that this user may not make here is served all the same: the command that mounts it\nis printed, and the exit code is 8. In a git repository with sessions (mic init): drafts, plans and claims a session,\nand clones the repository for it.',
  arguments: [{ name: '<title>', description: 'a few words that name the session' }],
  options: {
    project: text(
      '--project <org/name>',
      'the project (otherwise that of the workspace, or $MICELIO_PROJECT)',
    ),
    ...draftOptions,
    description: text('--description <text>', 'more about it'),
    workspace: optionalChoice(
      '--workspace <kind>',
      'where its files can be edited (otherwise checkout; of a git repository clone)',
      [...workspaceKinds, ...gitWorkspaceKinds, 'none'],
    ),
    directory: text(
      '--directory <path>',
      'where to make the workspace (otherwise below $MICELIO_WORKSPACES; of a git repository below .sessions)',
    ),
    printPath: printPathOption,
  },
  examples: [
    [
      'mic session start "add authentication" --project=acme/web --goal="JWT for the API"',
      'Start, with a directory to edit in',
    ],
    [
      'dir=$(mic session start "fix login" --project=acme/web --print-path) && cd "$dir"',
      'Start, and go there',
    ],
    [
      'mic session start "read only" --project=acme/web --workspace=none',
      'Start without a directory: a few milliseconds',
    ],
    [
      'mic session start "Faster start" --criterion="mic starts in 50 ms"',
      'In a git repository: draft, plan, claim, and clone',
    ],
    [
      'mic session start "try the new parser" --project=acme/web --workspace=mount',
      'Start with a mounted directory: at once, however large the project is',
    ],
  ],
  async run(context, [title], options) {
    const print = printedAs(options);
    if (await meansHub(context, { project: options.project })) {
      refuseInGit('--description', options.description, 'Say it in the plan, with --context or --from.');
      const [{ ideaOf }, { startInHub }] = await Promise.all([
        import('../git-session/draft-idea.ts'),
        import('../git-session/start.ts'),
      ]);
      return startInHub(context, await ideaOf(context, title!, options), options, print);
    }
    refuseWordsOfPlans(options);
    if (options.workspace === 'none' && options.directory !== undefined) {
      throw new CliError('cli/usage', '--directory needs a workspace: leave --workspace=none away.');
    }
    const ledger = await ledgerFor(context, options.project);
    const session = await startSession(ledger, {
      title: title!,
      goal: options.goal ?? title!,
      agent: context.configuration.agent,
      ...(options.description !== undefined && { description: options.description }),
    });
    const placed =
      options.workspace === 'none'
        ? { session, workspace: undefined }
        : await place(
            context,
            ledger,
            session,
            storeWorkspace(options.workspace) ?? 'checkout',
            options.directory,
          );
    return printed(placedAnswer(placed), placed.workspace?.directory, print);
  },
});

/** A session of the store has no plan. */
function refuseWordsOfPlans(options: OptionValues<typeof draftOptions>): void {
  const { context, criterion, capability, slug, from } = options;
  const instead = 'Of this one, say --goal and --description.';
  for (const [name, given] of Object.entries({ context, criterion, capability, slug, from }))
    refuseInStore(`--${name}`, given, instead);
}

async function place(
  context: CommandContext,
  project: ProjectLedger,
  session: Session,
  kind: WorkspaceKind,
  directory: string | undefined,
): Promise<PlacedSession> {
  const path = directory === undefined ? undefined : resolve(context.directory, directory);
  const workspaces = await workspacesOf(context);
  const openProject = async () => (await context.openMicelio()).project(project.name);
  const placing = { project, openProject, workspaces };
  return placeNewSession(placing, session, { kind, directory: path }, context.progress.update);
}
