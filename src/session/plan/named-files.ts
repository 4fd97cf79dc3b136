import type { Nodes } from 'mdast';
import { parseMarkdown } from './markdown.ts';

/** Most plans name none, and need not be parsed to know. */
const mayName = /`\s*[\w@.-]*[./]/;
const pathPattern = /^(?:\.\/)?[\w@.-]+(?:\/[\w@.-]+)*\/?$/;

/** Paths of files and directories that a plan names as code, `src/server.ts` or `docs/`, in order. */
export function namedFiles(text: string): string[] {
  if (!mayName.test(text)) return [];
  const names = new Set<string>();
  for (const code of codeIn(parseMarkdown(text))) {
    const isPath = pathPattern.test(code) && (code.includes('/') || /\.[A-Za-z]\w{0,9}$/.test(code));
    if (isPath) names.add(code.replace(/^\.\//, ''));
  }
  return [...names];
}

function codeIn(node: Nodes): string[] {
  if (node.type === 'inlineCode') return [node.value.trim()];
  return 'children' in node ? node.children.flatMap(codeIn) : [];
}

/** Whether a name in a plan means the file at `path`: it is that file, a directory above, or its last part. */
export function covers(named: string, path: string): boolean {
  const name = named.replace(/\/$/, '');
  return path === name || path.startsWith(`${name}/`) || (!named.includes('/') && path.endsWith(`/${name}`));
}
