import { draftSession, readySession, reviseSession, type SessionIdea } from '../../app/hub/draft-session.ts';
import { addSubsession } from '../../app/hub/keep-record.ts';
import type { Answer, CommandContext } from '../command.ts';
import { readText } from './draft-idea.ts';
import { withHub, withSession } from './open-hub.ts';

export function draftInHub(context: CommandContext, idea: SessionIdea): Promise<Answer> {
  return withHub(context, async (sessions) => {
    const slug = await draftSession(sessions, idea);
    const path = `${sessions.ledger.hub.layout.session('drafting', slug)}/SESSION.md`;
    const lines = [
      `Session: ${slug}`,
      `Plan:    ${path} on ${sessions.mainBranch}`,
      `Next:    edit it, then: mic session ready ${slug}`,
    ];
    return { json: { slug, state: 'drafting', plan: path }, text: lines.join('\n') };
  });
}

export function readyInHub(context: CommandContext, name: string | undefined): Promise<Answer> {
  return withSession(context, name, async (sessions, slug) => {
    const problems = await readySession(sessions, slug);
    return {
      json: { slug, state: 'planned', problems },
      text: `${slug} is planned: "mic session claim ${slug}" takes it.`,
      notes: problems.map((problem) => `Its plan could be better. ${problem}`),
    };
  });
}

export async function reviseInHub(
  context: CommandContext,
  name: string | undefined,
  from: string | undefined,
): Promise<Answer> {
  const text = from === undefined ? undefined : await readText(context, from);
  return withSession(context, name, async (sessions, slug) => {
    await reviseSession(sessions, slug, text);
    return { json: { slug, state: 'drafting' }, text: `${slug} is being drafted again.` };
  });
}

export function subsessionInHub(
  context: CommandContext,
  name: string | undefined,
  idea: SessionIdea,
): Promise<Answer> {
  return withSession(context, name, async (sessions, parent) => {
    const slug = await addSubsession(sessions, parent, idea);
    return {
      json: { slug, parent, state: 'drafting' },
      text: `Drafted ${slug}. "mic session ready ${slug}" lets it be claimed.`,
    };
  });
}
