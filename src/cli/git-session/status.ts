import type { HubSessions } from '../../app/hub/hub-sessions.ts';
import type { SessionWork } from '../../app/hub/session-work.ts';
import { type HubSession, type Overlap, surveySessions } from '../../app/hub/survey.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { findGitWorkspace } from '../../workspace/git/workspace-record.ts';
import type { Answer, CommandContext } from '../command.ts';
import { columns, counted } from '../wording.ts';
import { claimWords, summaryJson } from './describe.ts';
import { askHub, askSession } from './open-hub.ts';

/** How many changed files and overlaps are listed for people. */
const shownMax = 20;

/** `mic session status`: one session. */
export function statusInHub(context: CommandContext, name: string | undefined): Promise<Answer> {
  return askSession(context, name, async (sessions, slug) => {
    const { json, lines } = await describeOne(sessions, slug);
    return { json, text: lines.join('\n') };
  });
}

/** `mic status`: where one is, and all sessions at work. */
export function overviewOfHub(context: CommandContext): Promise<Answer> {
  return askHub(context, async (sessions) => {
    // At once: then the ledger is read as it was while it was opened.
    const { active, overlaps, unseen } = await surveySessions(sessions);
    const here = await findGitWorkspace(sessions.surroundings.git, context.directory);
    const own = here && (await describeOne(sessions, here.record.slug));
    const rows = active.map((session) => [session.slug, session.state, claimWords(session)]);
    const lines = own === undefined ? [] : [...own.lines, ''];
    lines.push(`${sessions.mainBranch}  ${counted(active.length, 'session')} at work`);
    if (rows.length > 0) lines.push(columns(rows));
    if (overlaps.length > 0) {
      lines.push('', `${counted(overlaps.length, 'file')} changed or planned by several of them:`);
      lines.push(...some(overlaps.map(overlapWords)));
    }
    const notes = unseen === 0 ? [] : [`${counted(unseen, 'more session')} not looked into for overlaps.`];
    return {
      json: {
        main: sessions.mainBranch,
        session: own?.json ?? null,
        sessions: active.map(summaryJson),
        overlaps,
        unseen,
      },
      text: lines.join('\n'),
      notes,
    };
  });
}

function overlapWords({ path, sessions, planned }: Overlap): string {
  return `${path}  (${[...sessions, ...planned.map((slug) => `${slug} plans to`)].join(', ')})`;
}

async function describeOne(sessions: HubSessions, slug: Slug) {
  const summary = await sessions.ledger.session(slug);
  const workspace = await sessions.workspaceOf(slug);
  const { workOfSession } = await import('../../app/hub/session-work.ts');
  const work = await workOfSession(sessions, slug, workspace);
  const json = {
    ...summaryJson(summary),
    workspace: workspace?.directory ?? null,
    touched: work.touched,
    uncommitted: work.uncommitted ?? null,
    behind: work.behind ?? null,
  };
  return { json, lines: statusLines(sessions, summary, work) };
}

function statusLines(sessions: HubSessions, summary: HubSession, work: SessionWork): string[] {
  const { touched, uncommitted = 0, behind = 0 } = work;
  const lines = [`${summary.slug}  ${summary.state}  ${claimWords(summary)}`];
  // Who is not at work on it has nothing to bring them into.
  const isAtWork = summary.state === 'active' || summary.state === 'conflicted';
  if (isAtWork && behind > 0)
    lines.push(
      `${sessions.mainBranch} is ${counted(behind, 'commit')} ahead. "mic session sync" brings them in.`,
    );
  if (uncommitted > 0) lines.push(`${counted(uncommitted, 'path')} not committed.`);
  if (summary.state === 'conflicted')
    lines.push('It met a conflict: "mic session sync", resolve, commit, and complete it again.');
  lines.push(
    '',
    touched.length === 0 ? 'Nothing has changed.' : `${counted(touched.length, 'changed file')}:`,
  );
  return [...lines, ...some(touched)];
}

function some(lines: readonly string[]): string[] {
  const shown = lines.slice(0, shownMax).map((line) => `  ${line}`);
  return lines.length <= shownMax ? shown : [...shown, `  and ${lines.length - shownMax} more`];
}
