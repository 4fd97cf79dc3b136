import { CliError } from './cli-error.ts';

/** A time that was given in seconds, in ms; undefined where it was not given. `min` is in seconds. */
export function milliseconds(option: string, seconds: number | undefined, min = 1): number | undefined {
  if (seconds === undefined) return undefined;
  if (seconds >= min) return seconds * 1000;
  throw new CliError('cli/usage', `${option} is ${seconds}. Give seconds, ${min} or more.`);
}
