import type { HubSessions } from '../../app/hub/hub-sessions.ts';
import {
  abandonSession,
  lookAtKept,
  type RemovedSessionWorkspace,
  removeSessionWorkspace,
  restoreSession,
} from '../../app/hub/leave-session.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { IgnoredChoice } from '../../workspace/git/unkept-files.ts';
import { CliError } from '../cli-error.ts';
import type { Answer, CommandContext } from '../command.ts';
import { counted } from '../wording.ts';
import { placedAnswer } from './describe.ts';
import { withOwnSession, withSession } from './open-hub.ts';
import { leftShellLines, removedJson, removedLines } from './removed-words.ts';
import { sentNotes } from './travelling-words.ts';
import { type WorkspaceWords, workspaceChoice } from './workspace-options.ts';

export function abandonInHub(
  context: CommandContext,
  name: string | undefined,
  why: string,
): Promise<Answer> {
  if (why.trim() === '') throw new CliError('cli/usage', 'Say why: those who come after will want to know.');
  return withOwnSession(context, name, async (sessions, slug) => {
    const sent = await abandonSession(sessions, slug, why);
    return {
      json: { slug, state: 'abandoned' },
      text: `Abandoned ${slug}. "mic session restore ${slug}" brings it back.`,
      notes: sentNotes(slug, sent),
    };
  });
}

export function removeInHub(
  context: CommandContext,
  name: string | undefined,
  ignored: IgnoredChoice,
): Promise<Answer> {
  return withOwnSession(context, name, async (sessions, slug) => {
    const removed = await removeSessionWorkspace(sessions, slug, ignored);
    const { directory } = removed;
    const back = await backWords(sessions, slug, removed);
    return {
      json: { slug, removed: directory, ...removedJson(removed) },
      text: [
        `Removed ${directory}, and kept what it held.${back}`,
        ...removedLines(removed),
        ...leftShellLines(context, sessions),
      ].join('\n'),
      notes: sentNotes(slug, removed.sent),
    };
  });
}

/** How to get at what a workspace held. */
async function backWords(
  sessions: HubSessions,
  slug: Slug,
  { takenBy }: RemovedSessionWorkspace,
): Promise<string> {
  const { state } = await sessions.ledger.session(slug);
  if (state === 'completed') return '';
  if (takenBy === undefined) return ` "mic session restore ${slug}" brings it back.`;
  const look = await lookAtKept(sessions, slug);
  return ` ${takenBy.agent.name} on ${takenBy.machine} has the session now. To look at what is kept of it here: ${look}`;
}

export function restoreInHub(
  context: CommandContext,
  name: string | undefined,
  words: WorkspaceWords,
): Promise<Answer> {
  const choice = workspaceChoice(context, words);
  if (choice === 'none')
    throw new CliError('cli/usage', 'To restore is to make a workspace: say clone or worktree.');
  return withSession(context, name, async (sessions, slug) => {
    const restored = await restoreSession(sessions, slug, choice);
    const notes = restored.aside.map(
      ({ directory, files }) =>
        `${counted(files, 'file')} that git does not keep stayed aside, since the workspace has others there: ${directory}`,
    );
    return placedAnswer(sessions, slug, restored, { earlier: restored.earlier, notes });
  });
}
