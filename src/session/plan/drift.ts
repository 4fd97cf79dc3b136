import type { Nodes } from 'mdast';
import { parseMarkdown } from './markdown.ts';
import { parsePlan } from './plan.ts';
import { planEntries, subsessionSlugs } from './record-files.ts';

/** What a session was to do, and what it did. */
export interface DriftSources {
  /** The plan as it was when the session was claimed. */
  readonly plan: string;
  /** `active-plan.md` and `subsessions.md` as they are now; empty texts where there are none. */
  readonly activePlan: string;
  readonly subsessions: string;
  /** The files that the session has changed, with `/` between directories. */
  readonly touched: readonly string[];
}

/** How far a session has come, and where it has left its plan. */
export interface Drift {
  readonly criteria: {
    readonly met: readonly string[];
    readonly open: readonly string[];
    /** Not in the plan, but in the active plan. */
    readonly added: readonly string[];
  };
  readonly files: {
    /** Files and directories that the plan names. */
    readonly planned: readonly string[];
    /** Touched, though the plan names neither them nor a directory above: all, where it names nothing. */
    readonly unplanned: readonly string[];
    /** Named, and neither touched nor anything below. */
    readonly untouched: readonly string[];
  };
  readonly subsessions: {
    readonly planned: readonly string[];
    readonly created: readonly string[];
  };
}

/** Compares the plan with what happened. */
export function driftOf({ plan: text, activePlan, subsessions, touched }: DriftSources): Drift {
  const plan = parsePlan(text);
  const tracked = new Map(planEntries(activePlan, 'Criteria').map((task) => [task.text, task.done]));
  const isMet = ({ text: words, met }: { text: string; met: boolean }) => tracked.get(words) ?? met;
  const planned = plan.criteria.map((criterion) => criterion.text);
  const files = namedFiles(text);
  return {
    criteria: {
      met: plan.criteria.filter(isMet).map((criterion) => criterion.text),
      open: plan.criteria.filter((criterion) => !isMet(criterion)).map((criterion) => criterion.text),
      added: [...tracked.keys()].filter((words) => !planned.includes(words)),
    },
    files: {
      planned: files,
      unplanned: touched.filter((path) => !files.some((named) => covers(named, path))),
      untouched: files.filter((named) => !touched.some((path) => covers(named, path))),
    },
    subsessions: {
      planned: plan.subsessions.map(({ title }) => title),
      created: subsessionSlugs(subsessions),
    },
  };
}

const pathPattern = /^(?:\.\/)?[\w@.-]+(?:\/[\w@.-]+)*\/?$/;

/** Paths that a plan names as code: `src/server.ts`, `docs/`. */
function namedFiles(text: string): string[] {
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
function covers(named: string, path: string): boolean {
  const name = named.replace(/\/$/, '');
  return path === name || path.startsWith(`${name}/`) || (!named.includes('/') && path.endsWith(`/${name}`));
}
