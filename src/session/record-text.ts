import { SessionError } from './session-error.ts';

/** Longest text of one message, goal, decision or note, in UTF-16 units. Larger things belong in files. */
const textLengthMax = 64 * 1024;

/** A text for the record: trimmed, not empty, not too long. `what` names it in the error. */
export function recordText(text: string, what: string): string {
  const trimmed = text.trim();
  if (trimmed.length === 0)
    throw new SessionError('session/invalid', `The ${what} is empty. Say in a few words what it should be.`);
  if (trimmed.length > textLengthMax) {
    throw new SessionError(
      'session/invalid',
      `The ${what} has ${trimmed.length} characters; at most ${textLengthMax} are kept. Put the rest into a file of the project.`,
    );
  }
  return trimmed;
}
