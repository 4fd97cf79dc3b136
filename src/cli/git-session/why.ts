import { explainLine } from '../../app/hub/explain-line.ts';
import type { Answer, CommandContext } from '../command.ts';
import { moment } from '../wording.ts';
import { askHub } from './open-hub.ts';

/** `mic why`: `line` is from 1, and left out for the file as a whole. */
export function whyInHub(context: CommandContext, file: string, line: number | undefined): Promise<Answer> {
  return askHub(context, async (sessions) => {
    const found = await explainLine(sessions, context.directory, file, line);
    const { commit, session } = found;
    const lines =
      commit === undefined
        ? ['Not committed yet.']
        : [`commit ${commit.id}  ${moment(commit.atMs)}  ${commit.author}`, `    ${commit.subject}`];
    if (found.line !== undefined) lines.push('', `${file}:${found.line.number}: ${found.line.text}`);
    if (session === undefined) {
      if (commit !== undefined) lines.push('', 'No session is named in that commit.');
    } else {
      lines.push('', `Session: ${session.slug}  ${session.title}`);
      if (session.goal !== undefined) lines.push(`Goal:    ${session.goal.replaceAll('\n', '\n         ')}`);
      lines.push(`Next:    mic session show ${session.slug}, for its plan, decisions and worklog`);
    }
    return {
      json: {
        commit:
          commit === undefined
            ? null
            : { id: commit.id, author: commit.author, atMs: commit.atMs, subject: commit.subject },
        line: found.line ?? null,
        session: session === undefined ? null : { ...session, goal: session.goal ?? null },
      },
      text: lines.join('\n'),
    };
  });
}
