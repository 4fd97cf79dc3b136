import type { SessionLanding } from '../session/landing/land-session.ts';
import type { WorkspaceSnapshot } from '../session/workspace-port.ts';
import { textFromPath } from '../tree/path.ts';
import type { Answer } from './command.ts';
import { conflictJson, conflictLine } from './describe-session.ts';
import { changeLine, counted } from './wording.ts';

/** What `land` says. */
export function landAnswer(
  landing: SessionLanding & { readonly leftBehind: WorkspaceSnapshot['leftBehind'] },
): Answer {
  const notes = landing.leftBehind.map(({ path, reason }) => `not landed: ${textFromPath(path)} (${reason})`);
  return { ...(landing.outcome === 'landed' ? landedAnswer(landing) : conflictAnswer(landing)), notes };
}

function landedAnswer({ landing, session }: Extract<SessionLanding, { outcome: 'landed' }>): Answer {
  const more = landing.changeCount - landing.changes.length;
  const lines = [
    `Landed ${session.id} as landing ${landing.sequence} of ${session.project}`,
    `New Tree:      sha256:${landing.tree}`,
    `Landed Commit: ${landing.id}`,
    `${counted(landing.changeCount, 'changed file')}:`,
    ...landing.changes.map(changeLine),
  ];
  if (more > 0) lines.push(`  and ${counted(more, 'more file')}`);
  return {
    json: {
      sessionId: session.id,
      outcome: 'landed',
      sequence: landing.sequence,
      newTree: `sha256:${landing.tree}`,
      landedCommit: landing.id,
      changeCount: landing.changeCount,
      changes: landing.changes,
    },
    text: lines.join('\n'),
  };
}

function conflictAnswer({
  conflicts,
  head,
  session,
}: Extract<SessionLanding, { outcome: 'conflict' }>): Answer {
  const lines = [
    `${session.id} conflicts with the head (landing ${head.sequence}) in ${counted(conflicts.length, 'place')}. Nothing landed.`,
    ...conflicts.map(conflictLine),
    `Next: mic session sync ${session.id}, resolve them in the workspace, and land again.`,
  ];
  return {
    json: {
      sessionId: session.id,
      outcome: 'conflict',
      headSequence: head.sequence,
      conflicts: conflicts.map(conflictJson),
    },
    text: lines.join('\n'),
    exit: 'conflict',
  };
}
