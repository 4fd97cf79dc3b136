import type { PlacedGitSession, TakenFrom } from '../../app/hub/hub-sessions.ts';
import type { SentWork, UndeletedWork } from '../../app/hub/travelling-work.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { keptRefs } from '../../workspace/git/keep-work.ts';
import { agentName } from '../wording.ts';

/** Said where the work of a session could not go to where others would take it up. */
export function sentNotes(slug: Slug, sent: SentWork): string[] {
  if (sent.outcome !== 'stays') return [];
  return [
    `The work of ${slug} stays on this machine, below refs/sessions/${slug}/: the remote "${sent.remote}" did not take it, and who claims the session elsewhere is told so. Have it allow refs/sessions/, then: git push ${sent.remote} 'refs/sessions/${slug}/*:refs/sessions/${slug}/*'. Git says: ${sent.words}`,
  ];
}

/** What stays at the remote that decides of a session that was to be forgotten. */
export function undeletedNotes(slug: Slug, { left, words }: UndeletedWork): string[] {
  if (words !== undefined)
    return [`The remote that decides still has what it had of ${slug}. Git says: ${words}`];
  return left.length === 0
    ? []
    : [`The remote that decides still has what this machine did not: ${left.join(', ')}`];
}

/** What the one who takes a session over should know of the machine that it was on. */
export function takenNotes(from: TakenFrom | undefined): string[] {
  if (from === undefined) return [];
  return [
    `Taken over from ${agentName(from.agent)} on ${from.machine}: what was not sent from there, committed or not, may still be in a workspace on that machine.`,
  ];
}

/** What came along of a session from other machines, and what did not. */
export function arrivedNotes(slug: Slug, { arrived, workspace, isNew }: PlacedGitSession): string[] {
  const { commits, earlier } = keptRefs(slug);
  const notes: string[] = [];
  if (!isNew && arrived.refs.includes(commits))
    notes.push(
      `Others have gone on with this session on another machine, and this workspace does not have that: git -C ${workspace.directory} pull upstream ${commits}`,
    );
  const numbered = arrived.refs.filter((ref) => ref.startsWith(earlier));
  if (numbered.length > 0) notes.push(`Kept besides: ${numbered.join(', ')}`);
  if (arrived.leftBehind !== undefined) notes.push(`The worklog says: ${arrived.leftBehind}`);
  return notes;
}
