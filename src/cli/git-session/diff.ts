import { patchOfSession } from '../../app/hub/session-work.ts';
import type { Answer, CommandContext } from '../command.ts';
import { askSession } from './open-hub.ts';

export function diffInHub(context: CommandContext, name: string | undefined): Promise<Answer> {
  return askSession(context, name, async (sessions, slug) => {
    await sessions.ledger.session(slug);
    const patch = await patchOfSession(sessions, slug);
    return { json: { slug, patch: patch.toString('utf8') }, text: patch };
  });
}
