import type { ObjectId } from '../../git/object-id.ts';
import { moveRefs, type RefMove, type RefName, readRefs } from '../../git/refs.ts';
import { gitArguments } from '../../git/repository.ts';
import { claimRef } from '../../ledger/git/layout.ts';
import type { SessionState } from '../../session/life-cycle.ts';
import { isSlug, type Slug } from '../../session/plan/slug.ts';
import { forgetKind } from '../../workspace/git/kept-kind.ts';
import { type AsideFiles, asideOf, deleteAside, sessionsAside } from '../../workspace/git/set-aside.ts';
import { HubError } from './hub-error.ts';
import type { HubSessions } from './hub-sessions.ts';
import { hasLanded, keptCommit } from './session-changes.ts';
import { keptWork, workOfSession } from './session-work.ts';
import { deleteSentWork, type UndeletedWork, wasSent } from './travelling-work.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** What is kept of a session, and would be gone. */
export interface KeptOfSession {
  readonly slug: Slug;
  /** Undefined: the ledger knows no such session any more. */
  readonly state: SessionState | undefined;
  readonly refs: readonly RefName[];
  /** Commits that are on no branch and no other ref of the hub, those of what was not committed included. */
  readonly commits: number;
  /** Whether the newest of them came to main, as far as main says; `sent`: it went to those who had the session next. */
  readonly fate: 'landed' | 'sent' | 'not landed';
  readonly aside: readonly AsideFiles[];
}

/** What is kept of one session. Throws `session/nothing-kept`, and `session/at-work` for one that is not over or planned. */
export async function keptOfSession(sessions: HubSessions, slug: Slug): Promise<KeptOfSession> {
  const [state, refs] = await Promise.all([stateOf(sessions, slug), keptWork(sessions.hub)]);
  if (state === 'active' || state === 'conflicted') throw atWork(slug);
  const kept = await describe(sessions, { slug, state, refs: refs.get(slug) ?? [] });
  if (kept.refs.length === 0 && kept.aside.length === 0) {
    throw new HubError(
      'session/nothing-kept',
      `Nothing is kept of session ${slug} in ${sessions.hub.gitDirectory}. "mic session list --removed" shows of which there is.`,
    );
  }
  return kept;
}

/**
 * What is kept of sessions that are completed, abandoned or gone, where nothing has happened to session, commits and files
 * for `days`; in the order of their names.
 */
export async function keptLongerThan(sessions: HubSessions, days: number): Promise<readonly KeptOfSession[]> {
  const { hub, ledger, surroundings } = sessions;
  const untilMs = surroundings.clock.now() - days * dayMs;
  const refs = await keptWork(hub);
  const states = new Map((await ledger.list()).map(({ slug, state }) => [slug, state]));
  const young = new Set([...(await movedSince(sessions, untilMs)), ...(await keptSince(sessions, untilMs))]);
  const found: KeptOfSession[] = [];
  for (const slug of [...new Set([...refs.keys(), ...sessionsAside(hub)])].sort()) {
    const state = states.get(slug);
    const isOver = state === undefined || state === 'completed' || state === 'abandoned';
    if (!isOver || young.has(slug)) continue;
    const kept = await describe(sessions, { slug, state, refs: refs.get(slug) ?? [] });
    if (kept.aside.every(({ atMs }) => atMs < untilMs)) found.push(kept);
  }
  return found;
}

/**
 * Deletes what is kept of a session: for good, as soon as git tidies up. Throws `session/at-work` where somebody has taken
 * the session up or kept more of it meanwhile; nothing is deleted then. Returns what stays at the remote that decides.
 */
export async function forgetKept(
  sessions: HubSessions,
  { slug, refs }: KeptOfSession,
): Promise<UndeletedWork> {
  const { hub } = sessions;
  const claim = claimRef(slug);
  const now = await readRefs(hub, [`refs/sessions/${slug}`, claim]);
  sessions.ledger.lookAgain();
  const state = await stateOf(sessions, slug);
  if (state === 'active' || state === 'conflicted') throw atWork(slug);
  const moves: RefMove[] = Array.from(now, ([ref, expected]) => ({
    ref,
    expected,
    // A claim that changes now is one of somebody who goes on with what is kept.
    next: ref === claim ? expected : 'absent',
  }));
  if (now.size - (now.has(claim) ? 1 : 0) > refs.length) throw atWork(slug);
  if (moves.length > 0) {
    const moved = await moveRefs(hub, moves, 'micelio: forget what is kept');
    if (moved.outcome !== 'moved') throw atWork(slug);
  }
  deleteAside(hub, slug);
  forgetKind(hub, slug);
  return deleteSentWork(sessions, slug, new Set(now.values()));
}

async function stateOf({ ledger }: HubSessions, slug: Slug): Promise<SessionState | undefined> {
  return (await ledger.list()).find((session) => session.slug === slug)?.state;
}

async function describe(
  sessions: HubSessions,
  { slug, state, refs }: Pick<KeptOfSession, 'slug' | 'state' | 'refs'>,
): Promise<KeptOfSession> {
  const { hub } = sessions;
  const aside = asideOf(hub, slug);
  if (refs.length === 0) return { slug, state, refs, commits: 0, fate: 'landed', aside };
  const others = ['--not', `--exclude=refs/sessions/${slug}/*`, '--all', '--'];
  const args = gitArguments(hub, ['rev-list', '--count', ...refs, ...others]);
  const commits = Number((await hub.git.run(args)).toString('latin1'));
  return { slug, state, refs, commits, fate: await fateOf(sessions, slug), aside };
}

async function fateOf(sessions: HubSessions, slug: Slug): Promise<KeptOfSession['fate']> {
  const { hub } = sessions;
  const head = await keptCommit(hub, slug);
  if (head === undefined || (await hasLanded(hub, { slug, head, main: await sessions.main() })))
    return 'landed';
  // What has changed no more than the session's own folder is no code that could land.
  if ((await workOfSession(sessions, slug, undefined)).touched.length === 0) return 'landed';
  return wasSent(hub, slug, head) ? 'sent' : 'not landed';
}

/** The sessions of which something is kept whose newest commit is not older. */
async function keptSince({ hub }: HubSessions, sinceMs: number): Promise<Slug[]> {
  const args = ['for-each-ref', '--format=%(committerdate:unix) %(refname)', 'refs/sessions/'];
  const lines = (await hub.git.run(gitArguments(hub, args))).toString('utf8').trimEnd().split('\n');
  return lines.flatMap((line) => {
    const [seconds, ref = ''] = line.split(' ');
    const slug = ref.split('/')[2] ?? '';
    return isSlug(slug) && Number(seconds) * 1000 >= sinceMs ? [slug] : [];
  });
}

/** The sessions that were moved or written to on main since then. */
async function movedSince(sessions: HubSessions, sinceMs: number): Promise<Slug[]> {
  const { hub, ledger } = sessions;
  const folder = ledger.hub.layout.sessions;
  const main: ObjectId = await sessions.main();
  const since = `--since=${Math.floor(sinceMs / 1000)}`;
  const args = ['log', since, '--format=', '--name-only', '--no-renames', '-z', main, '--', folder];
  const paths = (await hub.git.run(gitArguments(hub, args))).toString('utf8').split('\0');
  // FOLDER/STATE/SLUG/FILE
  const slugs = paths.map((path) => path.slice(folder.length + 1).split('/')[1] ?? '');
  return [...new Set(slugs)].filter(isSlug);
}

function atWork(slug: Slug): HubError {
  return new HubError(
    'session/at-work',
    `Somebody is at work in session ${slug}, or just keeps work of it, and what is kept of it is needed. Nothing was deleted. Complete or abandon it first.`,
  );
}
