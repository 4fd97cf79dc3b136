import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { isAbsent, systemCode } from '../../base/system-error.ts';
import { isTreePath, type TreePath } from '../../tree/path.ts';
import { diskStatus } from '../disk-status.ts';
import { markerName } from '../marker-name.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { ProvisionError } from './provision-error.ts';

const format = 'micelio-provisioned';
const version = 1;

const path = v.custom<TreePath>((value) => typeof value === 'string' && isTreePath(value), 'no path');

/** What a file is made of: what is said before it is written, and kept afterwards. */
const makingEntries = {
  path,
  kind: v.picklist(['copy', 'link', 'symlink', 'template']),
  source: path,
  /** Of a symlink: where it leads, as a byte string. */
  target: v.optional(v.string()),
  /** Of a template: the SHA-256 of what it renders to with `secret.NAME` in place of each secret. */
  inputs: v.optional(v.string()),
  /** Of a template: whether it has a secret in it, so that `inputs` says nothing about the file's own bytes. */
  secret: v.optional(v.boolean()),
};
const makingSchema = v.strictObject(makingEntries);
export type Making = v.InferOutput<typeof makingSchema>;

const fileSchema = v.strictObject({
  ...makingEntries,
  /** Size in bytes and times in ms of the file, as it was left. */
  size: v.number(),
  mtimeMs: v.number(),
  ctimeMs: v.number(),
  /** Of a copy: the same of its source, and the source's permissions. */
  sourceSize: v.optional(v.number()),
  sourceMtimeMs: v.optional(v.number()),
  sourceMode: v.optional(v.number()),
});
/** A file or symlink that was put into the workspace. */
export type FileRecord = v.InferOutput<typeof fileSchema>;

const recordSchema = v.strictObject({
  format: v.literal(format),
  version: v.literal(version),
  /** When the workspace was provisioned first, in ms since the epoch: the `timestamp` of its templates. */
  timestampMs: v.number(),
  from: v.string(),
  ports: v.record(v.string(), v.number()),
  /** Directories that were made, those above before those below. */
  directories: v.array(path),
  files: v.array(fileSchema),
  /** What a run under way is about to write. */
  pending: v.array(makingSchema),
});
/** What was provisioned into a workspace. `docs/formats/untracked-files.md` describes it. */
export type ProvisionRecord = Omit<v.InferOutput<typeof recordSchema>, 'format' | 'version'>;

/** The files that go with a workspace, in its git directory or its marker. */
export interface RecordPlace {
  readonly directory: string;
  readonly file: string;
  readonly lockFile: string;
}

/**
 * Where the record of a workspace lies: in the directory `micelio` of its git directory (of a worktree, the one of its
 * own), otherwise in its marker. Throws `provision/no-workspace` where there is neither.
 */
export function recordPlace(workspace: string): RecordPlace {
  const directory = recordDirectory(workspace);
  return {
    directory,
    file: join(directory, 'provisioned.json'),
    lockFile: join(directory, 'provision.lock'),
  };
}

function recordDirectory(workspace: string): string {
  const git = diskStatus(workspace, '.git');
  if (git?.isDirectory()) return join(workspace, '.git', 'micelio');
  if (git?.isFile()) {
    const [, target] = /^gitdir: (.+)$/m.exec(readFileSync(join(workspace, '.git'), 'utf8')) ?? [];
    if (target !== undefined) return join(resolve(workspace, target), 'micelio');
  }
  if (diskStatus(workspace, markerName)?.isDirectory()) return join(workspace, markerName);
  throw new ProvisionError(
    'provision/no-workspace',
    `"${workspace}" is neither a git worktree or clone nor a workspace of Micelio. Name the top of one.`,
  );
}

/** What was recorded; undefined where nothing has been. Throws `provision/record-unreadable`. */
export function readRecord(place: RecordPlace): ProvisionRecord | undefined {
  let text: string;
  try {
    text = readFileSync(place.file, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw unreadableRecord(place, error);
  }
  try {
    const { format: _format, version: _version, ...record } = v.parse(recordSchema, JSON.parse(text));
    return record;
  } catch (cause) {
    throw unreadableRecord(place, cause);
  }
}

/** Writes the record so that a reader finds the old or the new one. Only the user can read it. */
export function writeRecord(place: RecordPlace, record: ProvisionRecord): void {
  try {
    mkdirSync(dirname(place.file), { recursive: true });
    dropHalfWritten(place);
    const aside = halfWritten(place);
    writeFileSync(aside, `${JSON.stringify({ format, version, ...record })}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(aside, place.file);
  } catch (error) {
    throw workspaceErrorFrom(error, `write "${place.file}"`);
  }
}

/** Deletes what a process has left that was killed as it wrote the record. For who holds the lock. */
export function dropHalfWritten(place: RecordPlace): void {
  rmSync(halfWritten(place), { force: true });
}

function halfWritten({ file }: RecordPlace): string {
  return `${file}.new`;
}

/** Forgets what was provisioned. */
export function removeRecord(place: RecordPlace): void {
  rmSync(place.file, { force: true });
}

function unreadableRecord(place: RecordPlace, cause: unknown): ProvisionError {
  const reason = systemCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
  return new ProvisionError(
    'provision/record-unreadable',
    `"${place.file}", which says what was provisioned here, cannot be read (${reason}). Update Micelio, or remove the file: then what is in the workspace stays as it is.`,
    { cause },
  );
}
