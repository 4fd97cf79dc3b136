import { CliError } from './cli-error.ts';

/** An option as it was given, or undefined, false or an empty list. */
type Given = string | number | boolean | readonly string[] | undefined;

/** Throws `cli/usage` where an option was given that sessions of a git repository do not have. `instead` is a sentence. */
export function refuseInGit(option: string, given: Given, instead: string): void {
  if (isGiven(given))
    throw new CliError('cli/usage', `${option} is not for sessions of a git repository. ${instead}`);
}

/** The same of an option that only sessions of a git repository have. */
export function refuseInStore(option: string, given: Given, instead: string): void {
  if (isGiven(given))
    throw new CliError('cli/usage', `${option} is only for sessions of a git repository. ${instead}`);
}

/** Of a command that a git repository does without: `what` is a sentence, and `how` begins behind a colon. */
export function doneWithGit(what: string, how: string): CliError {
  return new CliError('cli/usage', `${what} This is done with git itself: ${how}`);
}

function isGiven(given: Given): boolean {
  return given !== undefined && given !== false && !(Array.isArray(given) && given.length === 0);
}
