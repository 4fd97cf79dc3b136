import { textFromPath } from '../../tree/path.ts';
import type { Step, StepState } from '../../workspace/provision/plan.ts';
import type { ProvisionReport } from '../../workspace/provision/provisioning.ts';
import { columns, counted } from '../wording.ts';

/** Files that are provisioned together: those of one line's file or directory in the same state. */
interface StepGroup {
  readonly path: string;
  readonly state: StepState;
  readonly kind: Step['kind'];
  readonly files: number;
  readonly reason: string | undefined;
}

/** Steps as a line each would be too many: a directory with thousands of files is one. */
function stepGroups({ steps }: ProvisionReport): StepGroup[] {
  // What stays as it is, and why, is worth a line for each file.
  const key = ({ unit, path, state, kind }: Step): string =>
    state === 'kept' ? `${path}\0${state}` : `${unit}\0${state}\0${kind}`;
  return [...Map.groupBy(steps, key).values()].map((group) => {
    const [first] = group;
    const { state, kind, reason } = first!;
    const path = textFromPath(state === 'kept' ? first!.path : first!.unit);
    return { path, state, kind, files: group.length, reason };
  });
}

/** What programs get to know. Never the text of a file or the value of a secret. */
export function reportJson(report: ProvisionReport) {
  return {
    files: stepGroups(report).map(({ reason, ...group }) => ({ ...group, reason: reason ?? null })),
    leftOut: report.leftOut.map(({ path, reason }) => ({ path: textFromPath(path), reason })),
    warnings: report.warnings,
    ports: Object.fromEntries(report.ports),
    secrets: report.secrets,
  };
}

const words: Readonly<Record<'plan' | 'apply', Readonly<Record<StepState, string>>>> = {
  plan: { create: 'create', replace: 'replace', remove: 'remove', unchanged: 'unchanged', kept: 'keep' },
  apply: { create: 'created', replace: 'replaced', remove: 'removed', unchanged: 'unchanged', kept: 'kept' },
};
const kinds: Readonly<Record<Step['kind'], string>> = {
  copy: 'copy',
  link: 'copy',
  symlink: 'symlink',
  template: 'template',
};
/** How many paths that are left out are listed. */
const leftOutMax = 20;

export function reportText(report: ProvisionReport, tense: 'plan' | 'apply'): string {
  const rows = stepGroups(report).map(({ state, kind, path, files, reason }) => [
    words[tense][state],
    kinds[kind],
    [
      path,
      ...(files > 1 ? [`(${counted(files, 'file')})`] : []),
      ...(reason === undefined ? [] : [`– ${reason}`]),
    ].join(' '),
  ]);
  const ports = [...report.ports].map(([name, port]) => [
    'port',
    name,
    port === 0 ? 'will be chosen' : String(port),
  ]);
  const lines = [...rows, ...ports];
  return lines.length === 0 ? 'There is nothing to provision.' : columns(lines);
}

export function reportNotes({ warnings, leftOut }: ProvisionReport): string[] {
  const some = leftOut
    .slice(0, leftOutMax)
    .map(({ path, reason }) => `left out: ${textFromPath(path)}: ${reason}`);
  const more = leftOut.length - some.length;
  return [...warnings, ...some, ...(more > 0 ? [`left out: ${counted(more, 'more path')}`] : [])];
}
