import { createRequire } from 'node:module';
import type { Html, ListItem, Nodes, Root, RootContent } from 'mdast';

/** For the library, which is more than a hundred files: most commands read no plan, and need not wait for them. */
const require = createRequire(import.meta.url);

/** A place in a text: from the character `start` (inclusive) to `end` (exclusive). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A heading and what stands below it, up to the next heading that is not below it. */
export interface MarkdownSection {
  readonly title: string;
  /** 1 for `#`, 2 for `##`. */
  readonly level: number;
  /** The heading's line. */
  readonly heading: Span;
  /** All below the heading, the sections inside of it included. */
  readonly body: Span;
  /** What stands below the heading and above the next one of any level. */
  readonly content: readonly RootContent[];
}

/** A list item with a box: `- [ ] text`. */
export interface Task {
  readonly text: string;
  readonly done: boolean;
  /** The one character inside of the box. */
  readonly mark: Span;
}

/** Parses Markdown with task lists (CommonMark, and GitHub's extension for boxes). Every text is valid Markdown. */
export function parseMarkdown(text: string): Root {
  const { fromMarkdown } = require('mdast-util-from-markdown') as typeof import('mdast-util-from-markdown');
  const { gfmTaskListItemFromMarkdown } =
    require('mdast-util-gfm-task-list-item') as typeof import('mdast-util-gfm-task-list-item');
  const { gfmTaskListItem } =
    require('micromark-extension-gfm-task-list-item') as typeof import('micromark-extension-gfm-task-list-item');
  return fromMarkdown(text, {
    extensions: [gfmTaskListItem()],
    mdastExtensions: [gfmTaskListItemFromMarkdown()],
  });
}

/** The place of a node that came from `parseMarkdown`. */
export function spanOf(node: Nodes): Span {
  return { start: node.position?.start.offset ?? 0, end: node.position?.end.offset ?? 0 };
}

/** The headings of a document, in order. Those inside of quotes and lists are none of its own. */
export function sectionsOf(text: string, root: Root): MarkdownSection[] {
  const headings = root.children.filter((node) => node.type === 'heading');
  return headings.map((heading, index) => {
    const end = headings.slice(index + 1).find(({ depth }) => depth <= heading.depth);
    const first = root.children.indexOf(heading) + 1;
    const next = headings[index + 1];
    const last = next === undefined ? root.children.length : root.children.indexOf(next);
    return {
      title: plainText(heading),
      level: heading.depth,
      heading: spanOf(heading),
      body: { start: spanOf(heading).end, end: end === undefined ? text.length : spanOf(end).start },
      content: root.children.slice(first, last),
    };
  });
}

/** All tasks below `nodes`, at any depth, in order. */
export function tasksOf(text: string, nodes: readonly Nodes[]): Task[] {
  const tasks: Task[] = [];
  for (const node of nodes) {
    if (node.type === 'listItem' && typeof node.checked === 'boolean')
      tasks.push(taskOf(text, node, node.checked));
    if ('children' in node) tasks.push(...tasksOf(text, node.children));
  }
  return tasks;
}

function taskOf(text: string, item: ListItem, done: boolean): Task {
  const [first] = item.children;
  // The box is the first bracket of an item: what marks the item as one has none.
  const start = text.indexOf('[', spanOf(item).start) + 1;
  return { text: first === undefined ? '' : plainText(first), done, mark: { start, end: start + 1 } };
}

/** A comment of HTML. What opens one and does not end it goes to the end, as in Markdown. */
const comment = /<!--(?:-?>|[\s\S]*?(?:-->|$))/g;

/** `text` without the comments in it, trimmed: what stands in code stays. A paragraph that was a comment leaves no gap. */
export function withoutComments(text: string): string {
  let kept = '';
  let end = 0;
  for (const node of htmlIn(parseMarkdown(text))) {
    const span = spanOf(node);
    const words = text.slice(span.start, span.end).replace(comment, '');
    const isGone = words.trim() === '' && (kept + text.slice(end, span.start)).endsWith('\n');
    kept += text.slice(end, span.start) + (isGone ? '' : words);
    end = isGone ? afterBlank(text, span.end) : span.end;
  }
  return (kept + text.slice(end)).trim();
}

/** Where the next line with something on it begins, or the text ends. */
function afterBlank(text: string, from: number): number {
  const [blank = ''] = /^(?:[ \t]*(?:\r?\n|$))*/.exec(text.slice(from)) ?? [];
  return from + blank.length;
}

function htmlIn(node: Nodes): Html[] {
  if (node.type === 'html') return [node];
  return 'children' in node ? node.children.flatMap(htmlIn) : [];
}

/** The words of a node, without marks and comments, on one line. */
export function plainText(node: Nodes): string {
  return textOf(node).replace(/\s+/g, ' ').trim();
}

function textOf(node: Nodes): string {
  if (node.type === 'break') return '\n';
  if (node.type === 'html') return node.value.replace(comment, '');
  if ('value' in node) return node.value;
  return 'children' in node ? node.children.map(textOf).join('') : '';
}
