import type { Span } from './markdown.ts';
import { type Criterion, parsePlan } from './plan.ts';

/**
 * Edits of a plan file leave everything else in it as it stands: each replaces or adds a few characters at a place that
 * the parser has found.
 */
function replaced(text: string, { start, end }: Span, by: string): string {
  return text.slice(0, start) + by + text.slice(end);
}

/** `text` with the header field `name` set. A field that is not there is added behind the others, or below the title. */
export function withField(text: string, name: string, value: string): string {
  const plan = parsePlan(text);
  const line = value.replace(/\s+/g, ' ').trim();
  const field = plan.fields.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (field !== undefined)
    return replaced(text, field.place, needsBlank(text, field.place) ? ` ${line}` : line);
  const last = plan.fields.at(-1);
  if (last !== undefined) return replaced(text, at(last.place.end), `\n**${name}:** ${line}`);
  const [first] = plan.sections;
  const end = first === undefined ? text.trimEnd().length : first.heading.start;
  const before = text.slice(0, end).trimEnd();
  const separator = before === '' ? '' : '\n\n';
  return `${before}${separator}**${name}:** ${line}\n${first === undefined ? '' : '\n'}${text.slice(end)}`;
}

/** `text` with the boxes of these criteria checked or cleared. Criteria that `text` does not have are left out. */
export function withCriteria(text: string, isMet: (criterion: Criterion) => boolean): string {
  let edited = text;
  for (const criterion of parsePlan(text).criteria)
    edited = replaced(edited, criterion.mark, isMet(criterion) ? 'x' : ' ');
  return edited;
}

/** `text` with `paragraph` at the end of the section `title`, which is added where there is none. */
export function withAddition(text: string, title: string, paragraph: string): string {
  const section = parsePlan(text).sections.find(
    (candidate) => candidate.title.toLowerCase() === title.toLowerCase(),
  );
  if (section === undefined) {
    const before = text.trimEnd();
    return `${before === '' ? '' : `${before}\n\n`}## ${title}\n\n${paragraph}\n`;
  }
  const body = text.slice(section.body.start, section.body.end).trimEnd();
  const behind = text.slice(section.body.end);
  const isList = /^[-*+] /.test(paragraph) && /\n[-*+] [^\n]*$/.test(body);
  const separator = isList ? '\n' : '\n\n';
  return `${text.slice(0, section.body.start)}${body}${separator}${paragraph}\n${behind === '' ? '' : `\n${behind}`}`;
}

function at(position: number): Span {
  return { start: position, end: position };
}

/** Whether the value at `place` is missing, right behind the mark that its name ends with. */
function needsBlank(text: string, { start, end }: Span): boolean {
  return start === end && /[*:]/.test(text[start - 1] ?? '');
}
