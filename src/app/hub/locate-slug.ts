import { isOf } from '../../ledger/git/claim.ts';
import type { SessionSummary } from '../../ledger/git/git-ledger.ts';
import { ClaimLost } from '../../ledger/git/git-ledger-error.ts';
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
  const said = await saidSlug(sessions, directory, name);
  if (said !== undefined) return said;
  const held = await heldSessions(sessions);
  const [only, ...more] = held;
  if (only !== undefined && more.length === 0 && sessions.isOwn(only.claim)) return only.slug;
  throw whichSession(sessions, held);
}

/**
 * The same for what puts changes on main or ends a session. It is never guessed: who did not get where they wanted to be
 * would end what somebody else of their name is at work on. Throws also `ClaimLost` where another agent has it, whose claim
 * is good, and `directory` is not in its workspace, and the shell not that of its `.session-env`.
 */
export async function locateOwnSlug(
  sessions: HubSessions,
  directory: string,
  name: string | undefined,
): Promise<Slug> {
  const slug = await saidSlug(sessions, directory, name);
  if (slug === undefined) throw whichSession(sessions, await heldSessions(sessions));
  await requireOwn(sessions, slug, directory);
  return slug;
}

/** The session that the name, the workspace or the shell says; undefined where none of them says any. */
async function saidSlug(
  sessions: HubSessions,
  directory: string,
  name: string | undefined,
): Promise<Slug | undefined> {
  if (name !== undefined) return isSlug(name) ? name : slugEndingWith(sessions, name);
  const { git, environment } = sessions.surroundings;
  const slug = (await findGitWorkspace(git, directory))?.record.slug ?? environment.SESSION_SLUG;
  return slug === undefined || slug === '' ? undefined : parseSlug(slug);
}

/**
 * Looks only at claims of this machine: what another one has cannot be ended from here, and what is left here of such a
 * session is nobody's to protect.
 */
async function requireOwn(sessions: HubSessions, slug: Slug, directory: string): Promise<void> {
  const { held, ledger, surroundings } = sessions;
  const own = held.get(slug)?.token;
  if (own !== undefined && sessions.isShellOf(own)) return;
  if ((await findGitWorkspace(surroundings.git, directory))?.record.slug === slug) return;
  const { claim, standing } = await ledger.session(slug);
  const tokens = [...(own === undefined ? [] : [own]), ...held.announced(slug)];
  if (claim === undefined || !tokens.some((token) => isOf(claim, token))) return;
  if (standing.standing !== 'held' || sessions.isOwn(claim)) return;
  const words = `${claim.agent.name} has it on this machine, and may be at work on it. If that is you, do this in its workspace, or once you have sourced its .session-env. If you know that nobody works on it, take it over first: mic session claim ${slug} --take-over --now`;
  throw new ClaimLost(slug, claim, words);
}

/** The sessions at work that were claimed on this machine, whoever did. */
async function heldSessions({ held, ledger }: HubSessions): Promise<readonly SessionSummary[]> {
  const here = new Map(held.slugs().map((slug) => [slug, held.get(slug)?.token.id]));
  if (here.size === 0) return [];
  const active = await ledger.list(['active', 'conflicted']);
  return active.filter(({ slug, claim }) => claim !== undefined && claim.id === here.get(slug));
}

function whichSession({ held }: HubSessions, candidates: readonly SessionSummary[]): SessionError {
  if (candidates.length === 0)
    return new SessionError(
      'session/not-found',
      'Which session? Give its name ("mic session list" shows them), or call this inside a workspace.',
    );
  const rows = candidates.map(({ slug, claim }) => {
    const directory = held.get(slug)?.directory;
    return `\n  ${slug}  ${claim?.agent.name}${directory === undefined ? '' : `  ${directory}`}`;
  });
  return new SessionError(
    'session/not-found',
    `Which session? Give its name, or call this inside its workspace. At work on this machine:${rows.join('')}`,
  );
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
