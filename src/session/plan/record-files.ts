import { withAddition } from './edit-plan.ts';
import { parseMarkdown, sectionsOf, type Task, tasksOf } from './markdown.ts';
import type { Plan } from './plan.ts';

/** The files of a session that is under way, besides its plan. Format: docs/formats/plan-files.md. */
export const worklogName = 'worklog.md';
export const activePlanName = 'active-plan.md';
export const subsessionsName = 'subsessions.md';
export const planName = 'SESSION.md';

/** The parts of an active plan that entries are added to. */
export const activePlanParts = ['Criteria', 'Tasks', 'Issues', 'Next steps'] as const;
export type ActivePlanPart = (typeof activePlanParts)[number];

/** The worklog with one entry more at its end. `text` is an empty text for a worklog that is not there yet. */
export function withWorklogEntry(
  text: string,
  slug: string,
  entry: { readonly atMs: number; readonly author: string; readonly text: string },
): string {
  const before = text.trim() === '' ? `# Worklog: ${slug}` : text.trimEnd();
  const time = new Date(entry.atMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return `${before}\n\n## ${time}, ${onOneLine(entry.author)}\n\n${entry.text.trim()}\n`;
}

/** The active plan that a session begins with: the criteria of its plan, to be checked as the work goes on. */
export function newActivePlan(slug: string, plan: Plan): string {
  const named = plan.criteria.filter(({ text }) => text !== '');
  const criteria = named.map(({ text, met }) => `- [${met ? 'x' : ' '}] ${text}`);
  const parts = activePlanParts.map((part) => {
    const lines = part === 'Criteria' && criteria.length > 0 ? `\n\n${criteria.join('\n')}` : '';
    return `## ${part}${lines}`;
  });
  return `# Active plan: ${slug}\n\n${parts.join('\n\n')}\n`;
}

/** An active plan with one line more, which has a box. */
export function withPlanEntry(text: string, part: ActivePlanPart, entry: string): string {
  return withAddition(text, part, `- [ ] ${onOneLine(entry)}`);
}

/** An active plan with a box checked or cleared. `number` is 1 for the first line with a box of that part. */
export function withPlanMark(
  text: string,
  part: ActivePlanPart,
  number: number,
  mark: 'done' | 'open',
): string | undefined {
  const task = planEntries(text, part)[number - 1];
  if (task === undefined) return undefined;
  return text.slice(0, task.mark.start) + (mark === 'done' ? 'x' : ' ') + text.slice(task.mark.end);
}

/** The lines with a box that a part of an active plan has. */
export function planEntries(text: string, part: ActivePlanPart): Task[] {
  const sections = sectionsOf(text, parseMarkdown(text));
  return sections
    .filter(({ title }) => title.toLowerCase() === part.toLowerCase())
    .flatMap(({ content }) => tasksOf(text, content));
}

/** The list of a session's subsessions with one more, which has a session of its own. */
export function withSubsession(
  text: string,
  slug: string,
  subsession: { slug: string; title: string },
): string {
  const before = text.trim() === '' ? `# Subsessions: ${slug}\n` : text.trimEnd();
  return `${before}\n- [ ] \`${subsession.slug}\`: ${onOneLine(subsession.title)}\n`;
}

/** The slugs of the subsessions that were made, in order. */
export function subsessionSlugs(text: string): string[] {
  const root = parseMarkdown(text);
  const slugs: string[] = [];
  for (const { text: words } of tasksOf(text, root.children)) {
    const [slug] = words.split(':', 1);
    if (slug !== undefined && slug !== '') slugs.push(slug.trim());
  }
  return slugs;
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
