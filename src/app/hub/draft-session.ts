import type { GitLedger } from '../../ledger/git/git-ledger.ts';
import { fileEdit } from '../../ledger/git/session-moves.ts';
import { withField } from '../../session/plan/edit-plan.ts';
import { emptyGoals, goalOf, parsePlan, planProblems } from '../../session/plan/plan.ts';
import { planName } from '../../session/plan/record-files.ts';
import { parseSlug, type Slug, slugWords } from '../../session/plan/slug.ts';
import type { FileName } from '../../tree/path.ts';
import { takeAlongEdits } from './checkout-edits.ts';
import { HubError } from './hub-error.ts';
import type { HubSessions, NewPlan } from './hub-sessions.ts';
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
/** The name of a session that is drafted at `atMs`. */
function slugOf(title: string, atMs: number): Slug {
  const words = slugWords(title);
  const cut =
    words.length <= wordsLengthMax ? words : words.slice(0, wordsLengthMax + 1).replace(/-[^-]*$/, '');
  const date = new Date(atMs).toISOString().slice(0, 10);
  return parseSlug(`${date}-${cut.slice(0, wordsLengthMax).replace(/-+$/, '') || 'session'}`);
}

/** Makes a session in `drafting/`. Throws `session/exists` where its name was given; otherwise a number makes it another. */
export async function draftSession(sessions: HubSessions, idea: SessionIdea): Promise<Slug> {
  const { names, planOf } = await newPlan(sessions, idea);
  const files = (slug: Slug) => [fileEdit(planName as FileName, planOf(slug))];
  const { value } = await sessions.ledger.draftNew({ names, by: sessions.surroundings.agent, files });
  return value;
}

/** Makes a session that is this machine's at once. Throws as `draftSession` and `readySession` do. */
export async function startSession(sessions: HubSessions, idea: SessionIdea): Promise<Slug> {
  if (idea.text !== undefined) requireGoal(idea.text, 'what was given');
  return (await sessions.start(await newPlan(sessions, idea))).slug;
}

async function newPlan(sessions: HubSessions, idea: SessionIdea): Promise<NewPlan> {
  const { slug, title } = idea;
  const named = slug === undefined ? slugOf(title, sessions.surroundings.clock.now()) : parseSlug(slug);
  const names = slug === undefined ? () => numbered(named) : () => [named];
  return { names, planOf: await planText(sessions.ledger, idea) };
}

/** Which of them is free is only known to whoever changes main: many may want the same at once. */
function* numbered(named: Slug): Generator<Slug> {
  yield named;
  for (let number = 2; ; number++) yield parseSlug(`${named}-${number}`);
}

/**
 * Moves a session to `planned/`, with what was edited in a checkout of main. Returns what its plan lacks, a sentence each.
 * Throws `session/plan-incomplete` for one that does not say what it is for.
 */
export async function readySession(sessions: HubSessions, slug: Slug): Promise<readonly string[]> {
  await takeAlongEdits(sessions, slug);
  const { state } = await sessions.ledger.session(slug);
  const text = await sessions.text(slug, planName);
  if (state === 'drafting')
    requireGoal(text, `${sessions.ledger.hub.layout.session('drafting', slug)}/${planName}`);
  await sessions.ledger.move({ slug, by: sessions.surroundings.agent, event: 'plan' });
  return planProblems(parsePlan(text));
}

/** Comments of the template say what to write, and are not written. A title alone can say it all. */
function requireGoal(text: string, file: string): void {
  const plan = parsePlan(text);
  const [empty] = emptyGoals(text, plan);
  if (empty === undefined && plan.title === '' && goalOf(text, plan) === undefined) {
    throw new HubError(
      'session/plan-incomplete',
      `The plan does not say what the session is for: ${file} has neither a title nor a goal. Begin it with a line "# Session: …", and say more in a section "## Goal"; then do this again.`,
    );
  }
  if (empty === undefined) return;
  throw new HubError(
    'session/plan-incomplete',
    `The plan does not say what the session is for: "## ${empty}" of ${file} is empty, but for comments. Write it there, or take the section out if the title says it all; then do this again.`,
  );
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

async function planText(ledger: GitLedger, idea: SessionIdea): Promise<NewPlan['planOf']> {
  const { title, goal = '', context = '', criteria, capabilities, parent, text } = idea;
  const fields: [string, string][] = [];
  if (capabilities.length > 0) fields.push(['Capabilities', capabilities.join(', ')]);
  if (parent !== undefined) fields.push(['Parent', parent]);
  const withFields = (plan: string) =>
    fields.reduce((had, [name, value]) => withField(had, name, value), plan);
  if (text !== undefined) return () => withFields(text);
  const template = await readSessionTemplate(ledger, 'plan');
  const none = { subsessions: [], risks: [], dependencies: [], edgeCases: [], notes: '' };
  const values = { ...none, title, context, problemStatement: goal, acceptanceCriteria: criteria };
  return (slug) => withFields(renderSessionPlan(template, { ...values, slug }));
}
