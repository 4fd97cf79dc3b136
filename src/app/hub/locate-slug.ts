import type { SessionSummary } from '../../ledger/git/git-ledger.ts';
import { isSlug, parseSlug, type Slug } from '../../session/plan/slug.ts';
import { SessionError } from '../../session/session-error.ts';
import { findGitWorkspace } from '../../workspace/git/workspace-record.ts';
import type { HubSessions } from './hub-sessions.ts';

/**
 * The session that a command means. `name` is its slug, or the words at its end where only one session has them; left out,
 * it is that of the workspace around `directory`, or the one whose `.session-env` the shell has sourced, or the only one
 * that is held on this machine, where that is this agent's. Throws `session/not-found` and `session/id-invalid`.
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
  const [only, ...more] = await heldSessions(sessions);
  if (only !== undefined && more.length === 0 && isOwn(sessions, only)) return only.slug;
  throw new SessionError(
    'session/not-found',
    whichSession(sessions, only === undefined ? [] : [only, ...more]),
  );
}

/** The sessions at work that were claimed on this machine, whoever did. */
async function heldSessions({ held, ledger }: HubSessions): Promise<readonly SessionSummary[]> {
  const here = new Map(held.slugs().map((slug) => [slug, held.get(slug)?.token.id]));
  if (here.size === 0) return [];
  const active = await ledger.list(['active', 'conflicted']);
  return active.filter(({ slug, claim }) => claim !== undefined && claim.id === here.get(slug));
}

function isOwn({ surroundings }: HubSessions, { claim }: SessionSummary): boolean {
  const { name, email } = surroundings.agent;
  return claim?.agent.name === name && claim.agent.email === email;
}

function whichSession({ held }: HubSessions, candidates: readonly SessionSummary[]): string {
  if (candidates.length === 0)
    return 'Which session? Give its name ("mic session list" shows them), or call this inside a workspace.';
  const rows = candidates.map(({ slug, claim }) => {
    const directory = held.get(slug)?.directory;
    return `\n  ${slug}  ${claim?.agent.name}${directory === undefined ? '' : `  ${directory}`}`;
  });
  return `Which session? Give its name, or call this inside its workspace. At work on this machine:${rows.join('')}`;
}

/** The session with exactly these words after its date, or else the one that ends with them. */
async function slugEndingWith(sessions: HubSessions, words: string): Promise<Slug> {
  const all = await sessions.ledger.list();
  const ending = all.filter(({ slug }) => slug.endsWith(`-${words}`));
  const exact = ending.filter(({ slug }) => slug.replace(/^(?:kb-)?\d{4}-\d\d-\d\d-/, '') === words);
  const [only, ...more] = exact.length > 0 ? exact : ending;
  if (only === undefined) return parseSlug(words);
  if (more.length === 0) return only.slug;
  const rows = [only, ...more].map(
    ({ slug, state, claim }) => `\n  ${slug}  ${state}${claim === undefined ? '' : `  ${claim.agent.name}`}`,
  );
  throw new SessionError(
    'session/id-invalid',
    `"${words}" may be one of these. Say which one, with its date:${rows.join('')}`,
  );
}
