import type { Slug } from '../../session/plan/slug.ts';
import { isFree } from '../../workspace/git/free-place.ts';
import { halfMade } from '../../workspace/git/half-done.ts';
import type { GitWorkspace } from '../../workspace/git/workspace-record.ts';
import { HubError } from './hub-error.ts';
import type { HubSessions } from './hub-sessions.ts';

/**
 * The session's workspace; undefined where it has none on this machine. Throws `session/workspace-lost` where files stand in
 * its place that git does not know as it: what is in them would be passed over.
 */
export async function workspaceInPlace(sessions: HubSessions, slug: Slug): Promise<GitWorkspace | undefined> {
  const found = await sessions.workspaceOf(slug);
  if (found !== undefined) return found;
  // What is half made is undone by whoever makes the next one.
  const making = halfMade(sessions.hub, slug);
  const unknown = sessions.placesOf(slug).find((place) => place !== making && !isFree(place));
  if (unknown === undefined) return undefined;
  throw new HubError(
    'session/workspace-lost',
    `The workspace of ${slug} should be at ${unknown}, and git finds none there: the repository or the directory was moved, or its .git is gone. Nothing was done. Call "mic session repair" in ${sessions.mainDirectory}, then do it again. If that does not help, move the directory away: "mic session path ${slug}" makes a workspace of what is kept, and you copy into it what is missing.`,
  );
}

/** The same; it also throws where the workspace is not where it was last, and nobody has removed it in order. */
export async function workspaceAsLeft(sessions: HubSessions, slug: Slug): Promise<GitWorkspace | undefined> {
  const found = await workspaceInPlace(sessions, slug);
  const last = sessions.held.get(slug)?.directory;
  if (found !== undefined || last === undefined) return found;
  throw new HubError(
    'session/workspace-lost',
    `The workspace of ${slug} was at ${last}, and is not there any more. Nothing was done. If it was moved, move it back, or call "mic session repair" in it. If it was deleted, "mic session path ${slug}" makes it anew of what is kept: look whether that is all, and do this again.`,
  );
}
