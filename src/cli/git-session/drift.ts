import { criteriaChanged, type PlanOverride } from '../../app/hub/plan-overrides.ts';
import { driftOfSession, type SessionDrift } from '../../app/hub/session-work.ts';
import type { Answer, CommandContext } from '../command.ts';
import { moment } from '../wording.ts';
import { askSession } from './open-hub.ts';

export function driftInHub(context: CommandContext, name: string | undefined): Promise<Answer> {
  return askSession(context, name, async (sessions, slug) => {
    const { overrides, ...drift } = await driftOfSession(sessions, slug);
    const json = overrides.map((override) => {
      const { commit, by, atMs, why, before, after } = override;
      return { commit, by, atMs, why, before: before.hash, after: after.hash, ...criteriaChanged(override) };
    });
    return { json: { slug, ...drift, overrides: json }, text: driftText({ ...drift, overrides }) };
  });
}

function driftText({ criteria, files, subsessions, overrides }: SessionDrift): string {
  const touched =
    files.planned.length === 0
      ? 'Files that were touched (the plan names none)'
      : 'Files that were touched and not planned';
  const parts: [string, readonly string[]][] = [
    ['Overrides of the plan', overrides.map(overrideWords)],
    ['Criteria that are met', criteria.met],
    ['Criteria that are open', criteria.open],
    ['Criteria that were added', criteria.added],
    [touched, files.unplanned],
    ['Files that were planned and not touched', files.untouched],
    ['Subsessions that were planned', subsessions.planned],
    ['Subsessions that were made', subsessions.created],
  ];
  const lines = parts.flatMap(([title, entries]) =>
    entries.length === 0 ? [] : ['', `${title}:`, ...entries.map((entry) => `  ${entry}`)],
  );
  return lines.slice(1).join('\n');
}

function overrideWords(override: PlanOverride): string {
  const { removed, added } = criteriaChanged(override);
  const words = [
    `${moment(override.atMs)}, ${override.by.name}: ${override.why}`,
    ...removed.map((criterion) => `criterion removed: ${criterion}`),
    ...added.map((criterion) => `criterion added: ${criterion}`),
  ];
  return words.join('; ');
}
