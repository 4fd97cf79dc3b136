import { placeClaimed } from '../../app/hub/claim-session.ts';
import { type SessionIdea, startSession } from '../../app/hub/draft-session.ts';
import { anySession, requireProvisionable } from '../../app/hub/provision-check.ts';
import type { Answer, CommandContext } from '../command.ts';
import { type PrintedAs, printed } from '../print-path.ts';
import { placedAnswer } from './describe.ts';
import { withHub } from './open-hub.ts';
import { type WorkspaceWords, workspaceChoice } from './workspace-options.ts';

/** Drafts a session, plans it, claims it, and gives it a workspace. */
export function startInHub(
  context: CommandContext,
  idea: SessionIdea,
  words: WorkspaceWords,
  print: PrintedAs,
): Promise<Answer> {
  const choice = workspaceChoice(context, words);
  return withHub(context, async (sessions) => {
    if (choice !== 'none') await requireProvisionable(sessions, anySession, choice.kind);
    const slug = await startSession(sessions, idea);
    const placed = choice === 'none' ? undefined : await placeClaimed(sessions, slug, choice);
    return printed(placedAnswer(sessions, slug, placed), placed?.workspace.directory, print);
  });
}
