import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Task } from '../../session/plan/markdown.ts';
import { parsePlan } from '../../session/plan/plan.ts';
import {
  type ActivePlanPart,
  activePlanName,
  newActivePlan,
  planEntries,
  planName,
  subsessionsName,
  withPlanEntry,
  withPlanMark,
  withSubsession,
  withWorklogEntry,
  worklogName,
} from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { FileName } from '../../tree/path.ts';
import type { GitWorkspace } from '../../workspace/git/workspace-record.ts';
import { workspaceErrorFrom } from '../../workspace/workspace-error.ts';
import { draftSession, type SessionIdea } from './draft-session.ts';
import { HubError } from './hub-error.ts';
import type { HubSessions } from './hub-sessions.ts';
import { learningsPath } from './knowledge.ts';

/** Adds an entry to a session's worklog, and renews its claim where it is this machine's. Throws `ClaimLost`. */
export async function addToWorklog(
  sessions: HubSessions,
  slug: Slug,
  { text, author }: { readonly text: string; readonly author?: string | undefined },
): Promise<void> {
  const { agent, clock } = sessions.surroundings;
  const entry = { atMs: clock.now(), author: author ?? agent.name, text };
  const path = worklogName as FileName;
  await edit(sessions, slug, 'docs: log', path, (before) => withWorklogEntry(before, slug, entry));
}

/** What an active plan is to become. Numbers count the lines with a box of the part, from 1. */
export interface PlanChange {
  readonly part: ActivePlanPart;
  readonly add?: string | undefined;
  readonly done: readonly number[];
  readonly open: readonly number[];
}

/** Changes a session's active plan. Throws `session/entry-unknown` and `ClaimLost`; nothing has changed then. */
export async function changeActivePlan(
  sessions: HubSessions,
  slug: Slug,
  { part, add, done, open }: PlanChange,
): Promise<void> {
  const plan = parsePlan(await sessions.text(slug, planName));
  const changed = (before: string): string => {
    let text = before === '' ? newActivePlan(slug, plan) : before;
    if (add !== undefined) text = withPlanEntry(text, part, add);
    for (const [numbers, mark] of [[done, 'done'] as const, [open, 'open'] as const]) {
      for (const number of numbers)
        text = withPlanMark(text, part, number, mark) ?? noSuchEntry(slug, part, number);
    }
    return text;
  };
  // Says at once what cannot be done.
  changed(await sessions.text(slug, activePlanName));
  await edit(sessions, slug, 'docs: plan', activePlanName as FileName, changed);
}

/** The lines with a box that a session's active plan has. */
export async function readActivePlan(
  sessions: HubSessions,
  slug: Slug,
  part: ActivePlanPart,
): Promise<readonly Task[]> {
  return planEntries(await sessions.text(slug, activePlanName), part);
}

function noSuchEntry(slug: Slug, part: ActivePlanPart, number: number): never {
  throw new HubError(
    'session/entry-unknown',
    `The active plan of ${slug} has no line ${number} in "${part}". "mic session plan" shows it with its numbers.`,
  );
}

/** Where something was written down. */
export type LearningPlace = 'workspace' | 'main';

/**
 * Writes down what a session has learned: committed in its workspace as the agent; on main where it has none here. Throws
 * `workspace/changed` where git cannot commit there now.
 */
export async function addLearning(sessions: HubSessions, slug: Slug, text: string): Promise<LearningPlace> {
  const path = learningsPath(sessions, slug);
  const workspace = await sessions.workspaceOf(slug);
  if (workspace !== undefined) {
    await learnInWorkspace(workspace, path, text);
    return 'workspace';
  }
  const change = (before: Buffer | undefined) =>
    Buffer.from(learned(slug, before?.toString('utf8') ?? '', text));
  const by = sessions.surroundings.agent;
  const message = 'docs: capture learnings';
  await sessions.ledger.edit({
    slug,
    by,
    message,
    ...tokenOf(sessions, slug),
    elsewhere: [{ path, change }],
  });
  return 'main';
}

async function learnInWorkspace(
  { directory, repository, record }: GitWorkspace,
  path: string,
  text: string,
): Promise<void> {
  const file = join(directory, path);
  try {
    mkdirSync(dirname(file), { recursive: true });
    const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
    appendFileSync(file, learned(record.slug, before, text).slice(before.length));
  } catch (error) {
    throw workspaceErrorFrom(error, `write "${file}"`);
  }
  const { git } = repository;
  await git.run(['-C', directory, 'add', '--', path]);
  const message = `[${record.slug}] docs: capture learnings`;
  const { exitCode, stderr } = await git.attempt([
    '-C',
    directory,
    'commit',
    '--quiet',
    '-m',
    message,
    '--',
    path,
  ]);
  if (exitCode === 0) return;
  throw new HubError(
    'session/uncommitted',
    `It is written to ${path}, but git could not commit it: ${stderr}\nCommit it when you have seen to that: git commit -m "${message}"`,
  );
}

/** One item more at the end; what stands there stays as it is. */
function learned(slug: Slug, before: string, text: string): string {
  const [first = '', ...rest] = text.trim().split('\n');
  const item = [`- ${first}`, ...rest.map((line) => (line === '' ? '' : `  ${line}`))].join('\n');
  if (before === '') return `# Learnings: ${slug}\n\n${item}\n`;
  return `${before}${before.endsWith('\n') ? '' : '\n'}${item}\n`;
}

/** Drafts a session that this one has led to. Each names the other. */
export async function addSubsession(
  sessions: HubSessions,
  parent: Slug,
  idea: Omit<SessionIdea, 'parent'>,
): Promise<Slug> {
  // Whether there is a parent that may be written to is found out before the child is there.
  await sessions.ledger.session(parent);
  tokenOf(sessions, parent);
  const slug = await draftSession(sessions, { ...idea, parent });
  await edit(sessions, parent, `docs: add subsession ${slug}`, subsessionsName as FileName, (before) =>
    withSubsession(before, parent, { slug, title: idea.title }),
  );
  return slug;
}

async function edit(
  sessions: HubSessions,
  slug: Slug,
  message: string,
  path: FileName,
  change: (before: string) => string,
): Promise<void> {
  await sessions.ledger.edit({
    slug,
    by: sessions.surroundings.agent,
    message,
    ...tokenOf(sessions, slug),
    files: [{ path, change: (before) => Buffer.from(change(before?.toString('utf8') ?? '')) }],
  });
}

/** The claim, where it is this machine's: it is renewed then. */
function tokenOf(sessions: HubSessions, slug: Slug) {
  const token = sessions.tokenOf(slug);
  return token === undefined ? {} : { token };
}
