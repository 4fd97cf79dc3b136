import type { SessionSummary } from '../../ledger/git/git-ledger.ts';
import { covers, namedFiles } from '../../session/plan/named-files.ts';
import { planName } from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { FileName } from '../../tree/path.ts';
import type { HubSessions } from './hub-sessions.ts';

/** A session with its claim, as a list shows it. */
export type HubSession = SessionSummary;

/** A file in which sessions come near each other: whoever lands later will have to merge it. */
export interface Overlap {
  readonly path: string;
  /** Those that change it. */
  readonly sessions: readonly Slug[];
  /** Those whose plans name it, or a directory above it, and that have not changed it yet. */
  readonly planned: readonly Slug[];
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
  const plans = waiting.length < 2 ? undefined : await sessions.ledger.files(waiting, planName as FileName);
  const looked: Looked[] = [];
  const look = async (): Promise<void> => {
    for (let slug = waiting.shift(); slug !== undefined; slug = waiting.shift()) {
      const { touched } = await workOfSession(sessions, slug, await sessions.workspaceOf(slug));
      looked.push({ slug, touched, named: namedFiles(plans?.get(slug)?.toString('utf8') ?? '') });
    }
  };
  await Promise.all(Array.from({ length: atOnceMax }, look));
  return { active, overlaps: overlapsOf(looked), unseen };
}

interface Looked {
  readonly slug: Slug;
  readonly touched: readonly string[];
  readonly named: readonly string[];
}

function overlapsOf(looked: readonly Looked[]): readonly Overlap[] {
  const byPath = new Map<string, Slug[]>();
  for (const { slug, touched } of looked)
    for (const path of touched) byPath.set(path, [...(byPath.get(path) ?? []), slug]);
  const planning = looked.filter(({ named }) => named.length > 0);
  const paths = new Set([...byPath.keys(), ...planning.flatMap(({ named }) => named)]);
  const overlaps = Array.from(paths, (path) => {
    const changing = byPath.get(path) ?? [];
    const planned = planning
      .filter(({ slug, named }) => !changing.includes(slug) && named.some((name) => covers(name, path)))
      .map(({ slug }) => slug);
    return { path, sessions: changing.sort(), planned: planned.sort() };
  });
  return overlaps
    .filter(({ sessions, planned }) => sessions.length + planned.length > 1)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
