import { MicelioError } from '../base/error.ts';

export class ConfigurationError extends MicelioError<'configuration/invalid'> {}
