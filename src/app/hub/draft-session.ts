import { hasCode } from '../../base/error.ts';
import { systemRandom } from '../../base/random.ts';
import { fileEdit } from '../../ledger/git/session-moves.ts';
import { withField } from '../../session/plan/edit-plan.ts';
import { parsePlan, planProblems } from '../../session/plan/plan.ts';
import { planName } from '../../session/plan/record-files.ts';
import { parseSlug, type Slug } from '../../session/plan/slug.ts';
import type { FileName } from '../../tree/path.ts';
import { takeAlongEdits } from './checkout-edits.ts';
import type { HubSessions } from './hub-sessions.ts';
import { readSessionTemplate, renderSessionPlan } from './session-templates.ts';

/** What is known of a session that is to be planned. */
export interface SessionIdea {
  readonly title: string;
  /** Left out: the date and the words of the title. */
  readonly slug?: string;
  /** What is missing, and for whom. */
  readonly goal?: string;
  /** What there is now. */
  readonly context?: string;
  readonly criteria: readonly string[];
  /** What an agent must be able to do to claim it. */
  readonly capabilities: readonly string[];
  /** The whole plan; what is said besides is not put into it, but for the parent. */
  readonly text?: string;
  /** The session that has led to this one. */
  readonly parent?: Slug;
}

const wordsLengthMax = 60;
/** How often a number is tried for a title that others have today, too. */
const numbersTriedMax = 200;
/** Among how many numbers the next one is chosen, at most: those of one byte. */
const spreadMax = 256;

/** The name of a session that is drafted at `atMs`. */
function slugOf(title: string, atMs: number): Slug {
  const words = title
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const cut =
    words.length <= wordsLengthMax ? words : words.slice(0, wordsLengthMax + 1).replace(/-[^-]*$/, '');
  const date = new Date(atMs).toISOString().slice(0, 10);
  return parseSlug(`${date}-${cut.slice(0, wordsLengthMax).replace(/-+$/, '') || 'session'}`);
}

/** Makes a session in `drafting/`. Throws `session/exists` where its name was given; otherwise a number makes it another. */
export function draftSession(sessions: HubSessions, idea: SessionIdea): Promise<Slug> {
  return underFreeName(sessions, idea, async (slug, plan) => {
    const files = [fileEdit(planName as FileName, plan)];
    await sessions.ledger.draft({ slug, by: sessions.surroundings.agent, files });
  });
}

/** Makes a session that is this machine's at once. Throws as `draftSession` does. */
export function startSession(sessions: HubSessions, idea: SessionIdea): Promise<Slug> {
  return underFreeName(sessions, idea, async (slug, plan) => {
    await sessions.start(slug, plan);
  });
}

async function underFreeName(
  sessions: HubSessions,
  idea: SessionIdea,
  make: (slug: Slug, plan: string) => Promise<void>,
): Promise<Slug> {
  const named =
    idea.slug === undefined ? slugOf(idea.title, sessions.surroundings.clock.now()) : parseSlug(idea.slug);
  let slug = named;
  for (let attempt = 1; ; attempt++) {
    try {
      await make(slug, await planText(sessions, slug, idea));
      return slug;
    } catch (error) {
      if (!hasCode(error, 'session/exists') || idea.slug !== undefined || attempt === numbersTriedMax)
        throw error;
      slug = await numbered(sessions, named, attempt);
    }
  }
}

/** A free name. Many who look for one at once must not all try the same: the more often they met, the wider they spread. */
async function numbered(sessions: HubSessions, named: Slug, attempt: number): Promise<Slug> {
  const taken = new Set((await sessions.ledger.list()).map((session): string => session.slug));
  let number = 2;
  while (taken.has(`${named}-${number}`)) number++;
  number += systemRandom.bytes(1)[0]! % Math.min(4 ** (attempt - 1), spreadMax);
  while (taken.has(`${named}-${number}`)) number++;
  return parseSlug(`${named}-${number}`);
}

/** Moves a session to `planned/`, with what was edited in a checkout of main. Returns what its plan lacks, a sentence each. */
export async function readySession(sessions: HubSessions, slug: Slug): Promise<readonly string[]> {
  await takeAlongEdits(sessions, slug);
  await sessions.ledger.move({ slug, by: sessions.surroundings.agent, event: 'plan' });
  return planProblems(parsePlan(await sessions.text(slug, planName)));
}

/** Moves a planned session back to `drafting/`; `text` is what its plan becomes, if it is given. */
export async function reviseSession(sessions: HubSessions, slug: Slug, text?: string): Promise<void> {
  await takeAlongEdits(sessions, slug);
  const by = sessions.surroundings.agent;
  const files = text === undefined ? [] : [fileEdit(planName as FileName, text)];
  const { state } = await sessions.ledger.session(slug);
  if (state === 'drafting' && text !== undefined)
    await sessions.ledger.edit({ slug, by, message: 'docs: revise the plan', files });
  else await sessions.ledger.move({ slug, by, event: 'revise', files });
}

async function planText({ ledger }: HubSessions, slug: Slug, idea: SessionIdea): Promise<string> {
  const { title, goal = '', context = '', criteria, capabilities, parent } = idea;
  const fields: [string, string][] = [];
  if (capabilities.length > 0) fields.push(['Capabilities', capabilities.join(', ')]);
  if (parent !== undefined) fields.push(['Parent', parent]);
  const none = { subsessions: [], risks: [], dependencies: [], edgeCases: [], notes: '' };
  const begun =
    idea.text ??
    renderSessionPlan(await readSessionTemplate(ledger, 'plan'), {
      ...none,
      ...{ slug, title, context, problemStatement: goal, acceptanceCriteria: criteria },
    });
  return fields.reduce((text, [name, value]) => withField(text, name, value), begun);
}
