/**
 * The base of every error that Micelio throws on purpose. `code` is stable and is what callers switch on;
 * `message` is for people and says what to do next. Each room has one subclass with its own closed set of codes.
 */
export class MicelioError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** True when `error` is a MicelioError that carries `code`. */
export function hasCode<Code extends string>(error: unknown, code: Code): error is MicelioError<Code> {
  return error instanceof MicelioError && error.code === code;
}

/** A promise of the program's own was broken: a bug, not something that the world did. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Internal error: ${message}. Please report it.`);
}
