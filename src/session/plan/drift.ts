import { covers, namedFiles } from './named-files.ts';
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
