import { keptWork } from '../../app/hub/session-work.ts';
import type { HubSession } from '../../app/hub/survey.ts';
import type { SessionState } from '../../session/life-cycle.ts';
import { fieldOf, parsePlan } from '../../session/plan/plan.ts';
import { planName } from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { FileName } from '../../tree/path.ts';
import type { Answer, CommandContext } from '../command.ts';
import { columns, headline } from '../wording.ts';
import { summaryJson } from './describe.ts';
import { askHub } from './open-hub.ts';

/** Which sessions are asked for. */
export interface ListWords {
  readonly state: SessionState | undefined;
  readonly all: boolean;
  readonly removed: boolean;
}

export function listInHub(context: CommandContext, { state, all, removed }: ListWords): Promise<Answer> {
  return askHub(context, async (sessions) => {
    const kept = await keptWork(sessions.hub);
    const isOver = (session: HubSession) => ['completed', 'abandoned'].includes(session.state);
    let shown = (await sessions.ledger.list(state === undefined ? undefined : [state])).filter(
      (session) => all || removed || state !== undefined || !isOver(session),
    );
    if (removed) {
      const places = await Promise.all(shown.map(({ slug }) => kept.has(slug) && sessions.workspaceOf(slug)));
      // What is completed is on main.
      shown = shown.filter(({ slug, state: now }, i) => kept.has(slug) && now !== 'completed' && !places[i]);
    }
    const plans = await sessions.ledger.files(
      shown.map(({ slug }) => slug),
      planName as FileName,
    );
    const planOf = (slug: Slug) => parsePlan(plans.get(slug)?.toString('utf8') ?? '');
    const rows = shown.map((session) => [
      session.slug,
      session.state,
      session.claim?.agent.name ?? '-',
      headline(planOf(session.slug).title),
    ]);
    const empty = removed
      ? 'No work is kept of sessions without a workspace here.'
      : 'No sessions. "mic session draft TITLE" makes one, "mic session start TITLE" one to work on at once.';
    return {
      json: shown.map((session) => ({
        ...summaryJson(session),
        title: planOf(session.slug).title,
        capabilities: fieldOf(planOf(session.slug), 'Capabilities') ?? null,
        kept: kept.get(session.slug) ?? [],
      })),
      text: rows.length === 0 ? empty : columns(rows),
    };
  });
}
