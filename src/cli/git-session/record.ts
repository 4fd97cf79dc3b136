import { addLearning, addToWorklog } from '../../app/hub/keep-record.ts';
import { CliError } from '../cli-error.ts';
import type { Answer, CommandContext } from '../command.ts';
import { withSession } from './open-hub.ts';

/** Adds to the worklog of a session. `said` may be "-", for standard input. */
export async function logInHub(
  context: CommandContext,
  name: string | undefined,
  said: string,
  author?: string | undefined,
): Promise<Answer> {
  const text = said === '-' ? await context.readInput() : said;
  if (text.trim() === '') throw new CliError('cli/usage', 'There is nothing to record: the text is empty.');
  return withSession(context, name, async (sessions, slug) => {
    await addToWorklog(sessions, slug, { text, author });
    return { json: { slug, entry: text.trim() }, text: '' };
  });
}

export interface DecisionWords {
  readonly what: string;
  readonly why: string;
  readonly instead: readonly string[];
}

/** A decision as an entry of the worklog. */
export function decisionText({ what, why, instead }: DecisionWords): string {
  if (what.trim() === '') throw new CliError('cli/usage', 'There is nothing to record: the text is empty.');
  return [`Decided: ${what}`, `Because: ${why}`, ...instead.map((other) => `Instead of: ${other}`)].join(
    '\n\n',
  );
}

export async function learnInHub(
  context: CommandContext,
  name: string | undefined,
  said: string,
): Promise<Answer> {
  const text = said === '-' ? await context.readInput() : said;
  if (text.trim() === '')
    throw new CliError('cli/usage', 'There is nothing to write down: the text is empty.');
  return withSession(context, name, async (sessions, slug) => {
    const place = await addLearning(sessions, slug, text);
    return { json: { slug, learned: text.trim(), place }, text: '' };
  });
}
