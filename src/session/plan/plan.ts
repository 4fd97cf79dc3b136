import type { List, Paragraph, Root, RootContent } from 'mdast';
import {
  type MarkdownSection,
  parseMarkdown,
  plainText,
  type Span,
  sectionsOf,
  spanOf,
  tasksOf,
  withoutComments,
} from './markdown.ts';

/** One thing that must hold when the session is done. */
export interface Criterion {
  readonly text: string;
  readonly met: boolean;
  /** The heading below "Acceptance Criteria" that it stands under. */
  readonly group: string | undefined;
  /** The character inside of its box. */
  readonly mark: Span;
}

/** A line of the header: `**Status:** planned`. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  /** Where the value stands, without the blanks around it. */
  readonly place: Span;
}

/** A part of the work that may become a session of its own. */
export interface PlannedSubsession {
  readonly title: string;
  readonly points: readonly string[];
}

/** A plan as its `SESSION.md` says it. What is missing in the file is empty here. */
export interface Plan {
  readonly title: string;
  readonly fields: readonly HeaderField[];
  /** The sections right below the title, in order. */
  readonly sections: readonly MarkdownSection[];
  readonly criteria: readonly Criterion[];
  readonly subsessions: readonly PlannedSubsession[];
}

const criteriaTitles = ['acceptance criteria', 'success criteria', 'definition of done'];
const goalTitles = ['Goal', 'Problem', 'Problem Statement'];
const subsessionTitles = ['subsessions', 'proposed subsessions'];
const titlePrefix = /^session:\s*/i;

/**
 * Reads a plan. Any text is one, perhaps with nothing in it: `planProblems` says what a plan that is to be worked on
 * lacks. Format: docs/formats/plan-files.md.
 */
export function parsePlan(text: string): Plan {
  const root = parseMarkdown(text);
  const all = sectionsOf(text, root);
  const title = all.find(({ level }) => level === 1);
  const sections = all.filter(({ level }) => level === 2);
  return {
    title: title === undefined ? '' : title.title.replace(titlePrefix, ''),
    fields: headerFields(text, root),
    sections,
    criteria: criteriaOf(text, all),
    subsessions: sections.filter(isOneOf(subsessionTitles)).flatMap(({ content }) => subsessionsOf(content)),
  };
}

/** The value of a header field; names are compared without regard to case. */
export function fieldOf(plan: Plan, name: string): string | undefined {
  return plan.fields.find((field) => isSameName(field.name, name))?.value;
}

/** The text of a section, without its heading and comments; undefined where there is none of that title. */
export function sectionText(text: string, plan: Plan, title: string): string | undefined {
  const section = plan.sections.find((candidate) => isSameName(candidate.title, title));
  return section && withoutComments(text.slice(section.body.start, section.body.end));
}

/** What a session is for, as a section of its plan says it; undefined where none does: then it is what its title says. */
export function goalOf(text: string, plan: Plan): string | undefined {
  return goalTitles.map((title) => sectionText(text, plan, title)).find((goal) => goal);
}

/** The sections that are there to say what a session is for, where none of them does. */
export function emptyGoals(text: string, plan: Plan): readonly string[] {
  if (goalOf(text, plan) !== undefined) return [];
  return goalTitles.filter((title) => sectionText(text, plan, title) !== undefined);
}

/** What keeps a plan from being given to an agent, each in a sentence; nothing for a good one. */
export function planProblems(plan: Plan): string[] {
  const problems: string[] = [];
  if (plan.title === '') problems.push('It has no title: begin with a line "# Session: …".');
  if (plan.criteria.length === 0)
    problems.push(
      'It has no acceptance criteria: add a section "## Acceptance Criteria" with lines "- [ ] …".',
    );
  if (plan.criteria.some(({ text }) => text === ''))
    problems.push('One of its acceptance criteria is empty.');
  return problems;
}

function isSameName(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}

function isOneOf(titles: readonly string[]): (section: MarkdownSection) => boolean {
  return ({ title }) => titles.some((wanted) => isSameName(title, wanted));
}

/** The fields stand in the paragraphs above the first section. */
function headerFields(text: string, root: Root): HeaderField[] {
  const fields: HeaderField[] = [];
  for (const node of root.children) {
    if (node.type === 'heading' && node.depth > 1) break;
    if (node.type === 'paragraph') fields.push(...fieldsIn(text, node));
  }
  return fields;
}

/** `**Name:** value`, or `**Name**: value`; a value ends with its line. */
function fieldsIn(text: string, paragraph: Paragraph): HeaderField[] {
  const fields: HeaderField[] = [];
  const { end } = spanOf(paragraph);
  for (const node of paragraph.children) {
    if (node.type !== 'strong') continue;
    const label = plainText(node);
    const behind = spanOf(node).end;
    const isInside = label.endsWith(':');
    if (!isInside && text[behind] !== ':') continue;
    const newline = text.indexOf('\n', behind);
    const place = trimmed(
      text,
      isInside ? behind : behind + 1,
      newline === -1 ? end : Math.min(newline, end),
    );
    const name = (isInside ? label.slice(0, -1) : label).trim();
    fields.push({ name, value: withoutComments(text.slice(place.start, place.end)), place });
  }
  return fields;
}

function trimmed(text: string, start: number, end: number): Span {
  const value = text.slice(start, end);
  const from = start + (value.length - value.trimStart().length);
  return { start: from, end: Math.max(from, start + value.trimEnd().length) };
}

function criteriaOf(text: string, all: readonly MarkdownSection[]): Criterion[] {
  const criteria: Criterion[] = [];
  const top = all.filter(({ level }) => level === 2).filter(isOneOf(criteriaTitles));
  for (const section of top) {
    const inside = all.filter(
      ({ heading }) => heading.start >= section.heading.start && heading.end <= section.body.end,
    );
    for (const part of inside) {
      const group = part === section ? undefined : part.title;
      for (const { text: words, done, mark } of tasksOf(text, part.content))
        criteria.push({ text: words, met: done, group, mark });
    }
  }
  return criteria;
}

function subsessionsOf(content: readonly RootContent[]): PlannedSubsession[] {
  return content.filter((node) => node.type === 'list').flatMap(itemsOf);
}

function itemsOf(list: List): PlannedSubsession[] {
  const all = list.children.map((item) => {
    const [first, ...rest] = item.children;
    const points = rest
      .filter((node) => node.type === 'list')
      .flatMap(({ children }) => children.map(plainText));
    return { title: first === undefined ? '' : plainText(first), points };
  });
  return all.filter(({ title, points }) => title !== '' || points.length > 0);
}
