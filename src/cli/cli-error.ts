import { MicelioError } from '../base/error.ts';

/** The command line cannot be understood. */
export class CliError extends MicelioError<'cli/usage'> {}
