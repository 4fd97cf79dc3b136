import { driftOfSession } from '../../app/hub/session-work.ts';
import type { Answer, CommandContext } from '../command.ts';
import { withSession } from './open-hub.ts';

export function driftInHub(context: CommandContext, name: string | undefined): Promise<Answer> {
  return withSession(context, name, async (sessions, slug) => {
    const drift = await driftOfSession(sessions, slug);
    const { criteria, files, subsessions } = drift;
    const parts: [string, readonly string[]][] = [
      ['Criteria that are met', criteria.met],
      ['Criteria that are open', criteria.open],
      ['Criteria that were added', criteria.added],
      ['Files that were touched and not planned', files.unplanned],
      ['Files that were planned and not touched', files.untouched],
      ['Subsessions that were planned', subsessions.planned],
      ['Subsessions that were made', subsessions.created],
    ];
    const lines = parts.flatMap(([title, entries]) =>
      entries.length === 0 ? [] : ['', `${title}:`, ...entries.map((entry) => `  ${entry}`)],
    );
    return { json: { slug, ...drift }, text: lines.slice(1).join('\n') };
  });
}
