import { changeActivePlan, readActivePlan } from '../../app/hub/keep-record.ts';
import { type ActivePlanPart, activePlanParts } from '../../session/plan/record-files.ts';
import { CliError } from '../cli-error.ts';
import type { Answer, CommandContext } from '../command.ts';
import { withSession } from './open-hub.ts';

export interface PlanWords {
  readonly words: string | undefined;
  readonly part: 'criteria' | 'tasks' | 'issues' | 'next' | undefined;
  readonly done: readonly string[];
  readonly open: readonly string[];
}

const partNames: Readonly<Record<NonNullable<PlanWords['part']>, ActivePlanPart>> = {
  criteria: 'Criteria',
  tasks: 'Tasks',
  issues: 'Issues',
  next: 'Next steps',
};

export function activePlanInHub(
  context: CommandContext,
  name: string | undefined,
  { words, part, done, open }: PlanWords,
): Promise<Answer> {
  if (words?.trim() === '') throw new CliError('cli/usage', 'There is nothing to add: the text is empty.');
  const marks = { done: numbersIn(done), open: numbersIn(open) };
  const isMarked = marks.done.length + marks.open.length > 0;
  if (words !== undefined && isMarked)
    throw new CliError('cli/usage', 'Add a line, or mark lines, and not both at once.');
  return withSession(context, name, async (sessions, slug) => {
    if (words !== undefined || isMarked) {
      const changed = partNames[part ?? (isMarked ? 'criteria' : 'tasks')];
      await changeActivePlan(sessions, slug, { part: changed, add: words, ...marks });
    }
    const shown = part === undefined ? activePlanParts : [partNames[part]];
    const parts = await Promise.all(
      shown.map(async (title) => ({ title, entries: await readActivePlan(sessions, slug, title) })),
    );
    const lines = parts.flatMap(({ title, entries }) =>
      entries.length === 0
        ? []
        : [
            '',
            `${title}:`,
            ...entries.map(({ text, done: isDone }, i) => `  ${i + 1}. [${isDone ? 'x' : ' '}] ${text}`),
          ],
    );
    return {
      json: {
        slug,
        parts: parts.map(({ title, entries }) => ({
          title,
          entries: entries.map(({ text, done: isDone }) => ({ text, done: isDone })),
        })),
      },
      text: lines.length === 0 ? 'The active plan is empty.' : lines.slice(1).join('\n'),
    };
  });
}

function numbersIn(texts: readonly string[]): number[] {
  return texts
    .flatMap((text) => text.split(','))
    .map((text) => {
      if (!/^\s*[1-9]\d{0,5}\s*$/.test(text))
        throw new CliError('cli/usage', `"${text}" is no number of a line. "mic session plan" shows them.`);
      return Number(text);
    });
}
