import type { Stats } from 'node:fs';
import { ancestorsOf, baseName, pathFromText, type TreePath, textFromPath } from '../../tree/path.ts';
import { diskStatus } from '../disk-status.ts';
import { WorkspaceError, workspaceErrorFrom } from '../workspace-error.ts';
import { looksSecret } from './file-categories.ts';
import type { Layout, Places } from './layout.ts';
import type { Plan, Rendering, Step } from './plan.ts';
import { ProvisionError } from './provision-error.ts';
import {
  type FileRecord,
  type Making,
  type ProvisionRecord,
  type RecordPlace,
  removeRecord,
  writeRecord,
} from './record.ts';
import { compareWithBytes } from './same-content.ts';
import { type TemplateFile, WorkspaceWriter } from './write-files.ts';

export interface PlanToApply {
  readonly places: Places;
  readonly layout: Layout;
  readonly plan: Plan;
  readonly renderings: ReadonlyMap<TreePath, Rendering>;
  /** What templates become with their secrets. */
  readonly texts: ReadonlyMap<TreePath, string>;
  readonly record: ProvisionRecord | undefined;
  readonly recordPlace: RecordPlace;
  readonly timestampMs: number;
  readonly ports: ReadonlyMap<string, number>;
}

/**
 * Does what the plan says, and records it. Returns the steps as they were done in the end. When something fails, all that
 * was made is taken back, and `provision/failed` is thrown; killed at any point, the next run carries on.
 */
export async function applyPlan(input: PlanToApply): Promise<readonly Step[]> {
  const steps = input.plan.steps.map((step) => decided(input, step));
  const changes = steps.filter(({ state }) => state !== 'unchanged' && state !== 'kept');
  const isQuiet =
    changes.length === 0 && input.plan.directories.length === 0 && input.record?.pending.length === 0;
  if (isQuiet && isRecordCurrent(input)) return steps;
  const pending = changes.flatMap((step) => (step.wanted === undefined ? [] : [makingOf(input, step)]));
  writeRecord(input.recordPlace, recordWith(input, input.record?.files ?? [], pending));
  const writer = new WorkspaceWriter(input.places);
  const left = new Map<TreePath, Stats>();
  try {
    const done = await writeAll(input, steps, writer, left);
    writeRecord(input.recordPlace, recordWith(input, recordedFiles(input, done, left), []));
    writer.finish();
    return done;
  } catch (error) {
    throw takenBack(input, writer, error);
  }
}

/** Returns the steps as they were done. How each file that is written is left is put into `left`. */
async function writeAll(
  input: PlanToApply,
  steps: readonly Step[],
  writer: WorkspaceWriter,
  left: Map<TreePath, Stats>,
): Promise<Step[]> {
  for (const { path, state } of steps) if (state === 'remove') writer.remove(path);
  for (const path of unneededDirectories(input)) writer.removeDirectory(path);
  for (const { path, mode } of input.plan.directories) {
    if (diskStatus(input.places.to, path) === undefined) writer.makeDirectory(path, mode);
  }
  const done: Step[] = [];
  for (const step of steps) {
    const { path, state, wanted } = step;
    const isWritten = (state === 'create' || state === 'replace') && wanted !== undefined;
    const there = isWritten && state === 'replace' ? diskStatus(input.places.to, path) : undefined;
    if (there?.isDirectory()) {
      done.push({ ...step, state: 'kept', reason: 'files of its own are in this directory' });
      continue;
    }
    if (isWritten) {
      if (there !== undefined) writer.remove(path);
      try {
        left.set(path, await writer.create(path, wanted.content, templateFile(input, path)));
      } catch (error) {
        throw error instanceof ProvisionError
          ? error
          : workspaceErrorFrom(error, `write "${textFromPath(path)}"`);
      }
    }
    done.push(step);
  }
  return done;
}

/** What only the bytes with their secrets tell: whether an interrupted run has written a file. */
function decided(input: PlanToApply, step: Step): Step {
  const text = input.texts.get(step.path);
  if (step.undecided !== true || text === undefined) return step;
  const { undecided, reason, ...rest } = step;
  const comparison = compareWithBytes(input.places.to, step.path, Buffer.from(text));
  if (comparison === 'same') return { ...rest, state: 'unchanged' };
  if (comparison === 'different') return step;
  return { ...rest, state: 'replace', reason: 'an interrupted run has written it in part' };
}

function templateFile(input: PlanToApply, path: TreePath): TemplateFile | undefined {
  const rendering = input.renderings.get(path);
  if (rendering === undefined) return undefined;
  const isSecret = rendering.secrets.length > 0 || looksSecret(baseName(path));
  const bytes = Buffer.from(input.texts.get(path) ?? rendering.text);
  return { bytes, mode: isSecret ? 0o600 : rendering.mode };
}

/** Directories that were made for what is not wanted any more, those below first. */
function unneededDirectories({ record, layout }: PlanToApply): TreePath[] {
  const directories = record?.directories ?? [];
  if (directories.length === 0) return [];
  const needed = new Set<TreePath>();
  for (const [path, { content }] of layout.wanted) {
    if (content.kind === 'directory') needed.add(path);
    for (const above of ancestorsOf(path)) needed.add(above);
  }
  return directories
    .filter((path) => !needed.has(path))
    .sort()
    .reverse();
}

function makingOf({ renderings }: PlanToApply, { path, kind, source, wanted }: Step): Making {
  const content = wanted?.content;
  const rendering = renderings.get(path);
  return {
    path,
    kind,
    source,
    ...(content?.kind === 'link' || content?.kind === 'symlink' ? { target: content.target } : {}),
    ...(rendering === undefined ? {} : { inputs: rendering.inputs, secret: rendering.secrets.length > 0 }),
  };
}

/** What is provisioned when the steps are done: what was written, and what stays as an earlier run has left it. */
function recordedFiles(
  input: PlanToApply,
  steps: readonly Step[],
  left: ReadonlyMap<TreePath, Stats>,
): FileRecord[] {
  const before = new Map(input.record?.files.map((file) => [file.path, file]));
  return steps.flatMap((step) => {
    const recorded = before.get(step.path);
    if (step.wanted === undefined) return [];
    if (step.state === 'kept') return recorded === undefined ? [] : [recorded];
    const written = left.get(step.path);
    if (recorded !== undefined && written === undefined && !isMoved(step, recorded)) return [recorded];
    return [fileRecord(input, step, written ?? step.found!)];
  });
}

/** Whether what is recorded of an unchanged file does not say how it stands now, so that it would be read every time. */
function isMoved({ found, wanted }: Step, record: FileRecord): boolean {
  const source = wanted?.content.kind === 'copy' ? wanted.content.status : undefined;
  return (
    found?.ctimeMs !== record.ctimeMs ||
    found.mtimeMs !== record.mtimeMs ||
    source?.mtimeMs !== record.sourceMtimeMs ||
    wanted?.content.source !== record.source
  );
}

function fileRecord(input: PlanToApply, step: Step, status: Stats): FileRecord {
  const source = step.wanted?.content.kind === 'copy' ? step.wanted.content.status : undefined;
  return {
    ...makingOf(input, step),
    size: status.size,
    mtimeMs: status.mtimeMs,
    ctimeMs: status.ctimeMs,
    ...(source === undefined
      ? {}
      : { sourceSize: source.size, sourceMtimeMs: source.mtimeMs, sourceMode: source.mode & 0o777 }),
  };
}

function recordWith(
  input: PlanToApply,
  files: readonly FileRecord[],
  pending: readonly Making[],
): ProvisionRecord {
  const made = input.plan.directories.map(({ path }) => path);
  const unneeded = new Set(pending.length === 0 ? unneededDirectories(input) : []);
  const directories = [...new Set([...(input.record?.directories ?? []), ...made])];
  return {
    timestampMs: input.timestampMs,
    from: pathFromText(input.places.from),
    ports: Object.fromEntries(input.ports),
    directories: directories
      .filter((path) => !unneeded.has(path) || diskStatus(input.places.to, path) !== undefined)
      .sort(),
    files: [...files],
    pending: [...pending],
  };
}

/** Whether the record says already what it would say after a run that changes nothing. */
function isRecordCurrent(input: PlanToApply): boolean {
  const { record, plan } = input;
  if (record === undefined) return false;
  const files = recordedFiles(input, plan.steps, new Map());
  return JSON.stringify(recordWith(input, files, [])) === JSON.stringify(record);
}

function takenBack(input: PlanToApply, writer: WorkspaceWriter, error: unknown): Error {
  const failures = writer.takeBack();
  const message = error instanceof Error ? error.message : String(error);
  if (failures.length > 0) {
    // The record goes on telling what this run was about to write, so that the next one recognises it.
    return new ProvisionError(
      'provision/failed',
      `${message} Some of what had been made could not be taken back; "mic provision check" names it.`,
      { cause: error },
    );
  }
  if (input.record === undefined) removeRecord(input.recordPlace);
  else writeRecord(input.recordPlace, input.record);
  const isKnown = error instanceof ProvisionError || error instanceof WorkspaceError;
  if (!isKnown) return error instanceof Error ? error : new Error(message);
  return new ProvisionError('provision/failed', `${message} All that had been made was taken back.`, {
    cause: error,
  });
}
