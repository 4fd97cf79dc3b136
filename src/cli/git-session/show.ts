import { keptWork } from '../../app/hub/session-work.ts';
import { goalOf, parsePlan } from '../../session/plan/plan.ts';
import {
  activePlanName,
  planName,
  subsessionSlugs,
  subsessionsName,
  worklogName,
} from '../../session/plan/record-files.ts';
import { isFurnished } from '../../workspace/git/workspace-record.ts';
import type { Answer, CommandContext } from '../command.ts';
import { claimWords, summaryJson } from './describe.ts';
import { askSession } from './open-hub.ts';

/** How much of the end of the worklog is shown to people, in lines. */
const worklogLinesMax = 40;

export function showInHub(context: CommandContext, name: string | undefined): Promise<Answer> {
  return askSession(context, name, async (sessions, slug) => {
    const summary = await sessions.ledger.session(slug);
    const files = new Map(
      Array.from(await sessions.ledger.folder(slug), ([path, bytes]) => [
        path as string,
        bytes.toString('utf8'),
      ]),
    );
    const text = (file: string) => files.get(file) ?? '';
    const plan = parsePlan(text(planName));
    const workspace = await sessions.workspaceOf(slug);
    const kept = (await keptWork(sessions.hub)).get(slug) ?? [];
    const goal = goalOf(text(planName), plan);
    const lines = [
      `Session:    ${slug}`,
      `Title:      ${plan.title}`,
      `State:      ${summary.state}`,
      `Claim:      ${claimWords(summary)}`,
    ];
    if (workspace !== undefined) {
      const missing = isFurnished(workspace) ? '' : `  (not complete: mic session path ${slug})`;
      lines.push(`Workspace:  ${workspace.directory}${missing}`);
    }
    for (const { name: field, value } of plan.fields)
      if (field.toLowerCase() !== 'session id') lines.push(`${`${field}:`.padEnd(11)} ${value}`);
    if (goal !== undefined) lines.push('', 'Goal:', indented(goal));
    if (plan.criteria.length > 0) {
      const boxes = plan.criteria.map(({ met, text: words }) => `  [${met ? 'x' : ' '}] ${words}`);
      lines.push('', 'Acceptance criteria:', ...boxes);
    }
    for (const [title, file] of [
      ['Active plan', activePlanName],
      ['Subsessions', subsessionsName],
      ['Conflict', 'conflict.md'],
      ['Abandoned', 'abandoned.md'],
      ['Worklog', worklogName],
    ] as const) {
      const body = withoutTitle(text(file));
      if (body !== '') lines.push('', `${title}:`, indented(lastLines(body)));
    }
    if (kept.length > 0) lines.push('', 'Kept work:', ...kept.map((ref) => `  ${ref}`));
    return {
      json: {
        ...summaryJson(summary),
        title: plan.title,
        goal: goal ?? null,
        fields: Object.fromEntries(plan.fields.map(({ name: field, value }) => [field, value])),
        criteria: plan.criteria.map(({ text: words, met, group }) => ({
          text: words,
          met,
          group: group ?? null,
        })),
        subsessions: subsessionSlugs(text(subsessionsName)),
        workspace: workspace?.directory ?? null,
        kept,
        files: Object.fromEntries(files),
      },
      text: lines.join('\n'),
    };
  });
}

function withoutTitle(text: string): string {
  return text.replace(/^# .*\n+/, '').trim();
}

function lastLines(text: string): string {
  const lines = text.split('\n');
  return lines.length <= worklogLinesMax ? text : ['…', ...lines.slice(-worklogLinesMax)].join('\n');
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
