import { placeClaimed } from '../../app/hub/claim-session.ts';
import { CliError } from '../cli-error.ts';
import type { Answer, CommandContext } from '../command.ts';
import { placedNotes } from './describe.ts';
import { askSession } from './open-hub.ts';
import { type WorkspaceWords, workspaceChoice } from './workspace-options.ts';

export function pathInHub(
  context: CommandContext,
  name: string | undefined,
  words: WorkspaceWords,
): Promise<Answer> {
  const choice = workspaceChoice(context, words);
  if (choice === 'none') throw new CliError('cli/usage', 'A path needs a workspace: say clone or worktree.');
  return askSession(context, name, async (sessions, slug) => {
    const placed = (await sessions.isHeld(slug)) ? await placeClaimed(sessions, slug, choice) : undefined;
    const workspace = placed?.workspace ?? (await sessions.workspaceOf(slug));
    if (workspace === undefined) {
      // Says who has it, or what to do.
      await sessions.requireClaim(await sessions.requireHeld(slug));
    }
    const path = workspace!.directory;
    return { json: { slug, path, kind: workspace!.record.kind }, text: path, notes: placedNotes(placed) };
  });
}
