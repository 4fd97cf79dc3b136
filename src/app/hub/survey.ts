import type { SessionSummary } from '../../ledger/git/git-ledger.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { HubSessions } from './hub-sessions.ts';

/** A session with its claim, as a list shows it. */
export type HubSession = SessionSummary;

/** A file that several sessions change: whoever lands later will have to merge it. */
export interface Overlap {
  readonly path: string;
  readonly sessions: readonly Slug[];
}

/** The sessions that are at work, and where they come near each other. */
export interface Survey {
  readonly active: readonly HubSession[];
  readonly overlaps: readonly Overlap[];
  /** Sessions whose files were not looked at, since there are so many. */
  readonly unseen: number;
}

/** How many sessions are looked into, and how many at the same time: each costs a few git processes. */
const lookedIntoMax = 64;
const atOnceMax = 4;

/** Looks at all sessions at work: those with a workspace here as they are now, others as they were last kept or pushed. */
export async function surveySessions(sessions: HubSessions): Promise<Survey> {
  const active = await sessions.ledger.list(['active', 'conflicted']);
  const waiting = active.slice(0, lookedIntoMax).map(({ slug }) => slug);
  const unseen = active.length - waiting.length;
  if (active.length === 0) return { active, overlaps: [], unseen };
  const { workOfSession } = await import('./session-work.ts');
  const byPath = new Map<string, Slug[]>();
  const look = async (): Promise<void> => {
    for (let slug = waiting.shift(); slug !== undefined; slug = waiting.shift()) {
      const { touched } = await workOfSession(sessions, slug, await sessions.workspaceOf(slug));
      for (const path of touched) byPath.set(path, [...(byPath.get(path) ?? []), slug]);
    }
  };
  await Promise.all(Array.from({ length: atOnceMax }, look));
  const overlaps = [...byPath]
    .filter(([, slugs]) => slugs.length > 1)
    .map(([path, slugs]) => ({ path, sessions: slugs.sort() }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return { active, overlaps, unseen };
}
