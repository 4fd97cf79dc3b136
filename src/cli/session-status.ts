import type { SessionStatus } from '../app/sessions.ts';
import type { OpenConflict } from '../session/session.ts';
import { textFromPath } from '../tree/path.ts';
import { stateWord } from './describe-session.ts';
import { changeLine, counted } from './wording.ts';

/** How a session stands, for people. */
export function statusText(status: SessionStatus, conflictLine: (conflict: OpenConflict) => string): string {
  const { session, changes, behind, conflicts, leftBehind } = status;
  const lines = [`${session.id}  ${stateWord(session)}  ${session.title}`];
  if (behind > 0)
    lines.push(
      `The head is ${counted(behind, 'landing')} ahead of its base. "mic session sync" merges them.`,
    );
  lines.push(
    '',
    changes.length === 0 ? 'Nothing has changed.' : `${counted(changes.length, 'changed file')}:`,
  );
  lines.push(...changes.map(changeLine));
  if (conflicts.length > 0) {
    const unsynced = conflicts.some(({ left }) => left === null);
    const next = unsynced
      ? 'bring them into the files with "mic session sync"'
      : 'edit them, or say "mic session resolve PATH"';
    lines.push(
      '',
      `${counted(conflicts.length, 'conflict')} to resolve; ${next}:`,
      ...conflicts.map(conflictLine),
    );
  }
  if (leftBehind.length > 0) {
    lines.push(
      '',
      'Not part of the session:',
      ...leftBehind.map(({ path, reason }) => `  ${textFromPath(path)}  (${reason})`),
    );
  }
  return lines.join('\n');
}
