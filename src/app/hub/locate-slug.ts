import { isSlug, parseSlug, type Slug } from '../../session/plan/slug.ts';
import { SessionError } from '../../session/session-error.ts';
import { findGitWorkspace } from '../../workspace/git/workspace-record.ts';
import type { HubSessions } from './hub-sessions.ts';

/**
 * The session that a command means. `name` is its slug, or the words at its end where only one session has them; left out,
 * it is that of the workspace around `directory`, or the one whose `.session-env` the shell has sourced, or the
 * only one that this agent holds on this machine. Throws `session/not-found` and `session/id-invalid`.
 */
export async function locateSlug(
  sessions: HubSessions,
  directory: string,
  name: string | undefined,
): Promise<Slug> {
  if (name !== undefined) return isSlug(name) ? name : slugEndingWith(sessions, name);
  const { git, environment } = sessions.surroundings;
  const slug = (await findGitWorkspace(git, directory))?.record.slug ?? environment.SESSION_SLUG;
  if (slug !== undefined && slug !== '') return parseSlug(slug);
  const own = await ownSessions(sessions);
  if (own.length === 1) return own[0]!;
  throw new SessionError(
    'session/not-found',
    'Which session? Give its name ("mic session list" shows them), or call this inside a workspace.',
  );
}

async function ownSessions({ held, ledger, surroundings }: HubSessions): Promise<Slug[]> {
  const here = new Map(held.slugs().map((slug) => [slug, held.get(slug)?.token.id]));
  if (here.size === 0) return [];
  const active = await ledger.list(['active', 'conflicted']);
  const { name, email } = surroundings.agent;
  return active
    .filter(({ slug, claim }) => claim !== undefined && claim.id === here.get(slug))
    .filter(({ claim }) => claim?.agent.name === name && claim.agent.email === email)
    .map(({ slug }) => slug);
}

async function slugEndingWith(sessions: HubSessions, words: string): Promise<Slug> {
  const all = await sessions.ledger.list();
  const found = all.filter(({ slug }) => slug.endsWith(`-${words}`)).map(({ slug }) => slug);
  const [only, ...more] = found;
  if (only === undefined) return parseSlug(words);
  if (more.length === 0) return only;
  throw new SessionError(
    'session/id-invalid',
    `"${words}" may be ${found.join(', ')}. Say which one, with its date.`,
  );
}
