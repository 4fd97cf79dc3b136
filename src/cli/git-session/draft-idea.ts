import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { wordsIn } from '../../app/hub/claim-session.ts';
import type { SessionIdea } from '../../app/hub/draft-session.ts';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command.ts';

/** What was said of a session that is to be planned. */
interface DraftWords {
  readonly goal: string | undefined;
  readonly context: string | undefined;
  readonly criterion: readonly string[];
  readonly capability: string | undefined;
  readonly slug: string | undefined;
  readonly from: string | undefined;
}

/** The session that a command line describes. */
export async function ideaOf(
  context: CommandContext,
  title: string,
  words: DraftWords,
): Promise<SessionIdea> {
  if (title.trim() === '') throw new CliError('cli/usage', 'A session needs a title.');
  const { goal, context: situation, criterion, capability, slug, from } = words;
  return {
    title,
    criteria: criterion,
    capabilities: wordsIn(capability ?? ''),
    ...(goal !== undefined && { goal }),
    ...(situation !== undefined && { context: situation }),
    ...(slug !== undefined && { slug }),
    ...(from !== undefined && { text: await readText(context, from) }),
  };
}

/** A file's text, or what stands on standard input for "-". Throws `cli/usage` for a file that cannot be read. */
export async function readText({ directory, readInput }: CommandContext, name: string): Promise<string> {
  if (name === '-') return readInput();
  try {
    return readFileSync(resolve(directory, name), 'utf8');
  } catch (cause) {
    throw new CliError('cli/usage', `"${name}" cannot be read. Give the path of a file, or "-".`, { cause });
  }
}
