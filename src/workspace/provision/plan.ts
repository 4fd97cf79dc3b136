import type { Stats } from 'node:fs';
import { ancestorsOf, parentPath, type TreePath } from '../../tree/path.ts';
import { diskStatus } from '../disk-status.ts';
import type { Layout, Places, Wanted, WantedContent } from './layout.ts';
import { ProvisionError, placeText } from './provision-error.ts';
import type { FileRecord, Making, ProvisionRecord } from './record.ts';
import {
  type Comparison,
  compareWithBytes,
  compareWithFile,
  hasHash,
  isAsRecorded,
  isLink,
} from './same-content.ts';
import { quoted } from './source-tree.ts';

/** What is to be done with a name of the workspace. */
export type StepState =
  /** It is not there. */
  | 'create'
  /** It is as it was provisioned, and would be provisioned differently now. */
  | 'replace'
  /** It is as it was provisioned, and no line asks for it any more. */
  | 'remove'
  /** It is as it should be. */
  | 'unchanged'
  /** It is not ours, or was edited since it was. It stays. */
  | 'kept';

export interface Step {
  readonly path: TreePath;
  readonly state: StepState;
  readonly kind: FileRecord['kind'];
  readonly source: TreePath;
  /** The file or directory that the line names as its destination. */
  readonly unit: TreePath;
  /** Why it stays, or is replaced; for people. */
  readonly reason?: string;
  /** What is wanted; undefined for a step that removes. */
  readonly wanted?: Wanted;
  /** What stood there when it was looked at; undefined where nothing did. */
  readonly found?: Stats;
  /** Written by a run that was interrupted, and has a secret in it: only its bytes tell. */
  readonly undecided?: boolean;
}

/** What a template makes, with `secret.NAME` for each secret. */
export interface Rendering {
  readonly text: string;
  readonly secrets: readonly string[];
  /** Permissions of what it makes, where nothing in it is secret. */
  readonly mode: number;
  /** SHA-256 of `text`. */
  readonly inputs: string;
}

export interface Plan {
  /** Files and symlinks, in the order of their paths; those that are removed come first. */
  readonly steps: readonly Step[];
  /** Directories to be made, those above first, with their permissions where a copied one has them. */
  readonly directories: readonly { readonly path: TreePath; readonly mode: number | undefined }[];
}

export interface PlanInput {
  readonly places: Places;
  readonly layout: Layout;
  readonly renderings: ReadonlyMap<TreePath, Rendering>;
  readonly record: ProvisionRecord | undefined;
}

/** Compares what a workspace shall have with what it has. Changes nothing. What is wrong is put into `problems`. */
export function makePlan(input: PlanInput, problems: ProvisionError[]): Plan {
  return new Planner(input, problems).plan();
}

class Planner {
  readonly #input: PlanInput;
  readonly #problems: ProvisionError[];
  readonly #recorded: ReadonlyMap<TreePath, FileRecord>;
  readonly #pending: ReadonlyMap<TreePath, Making>;
  readonly #ownDirectories: ReadonlySet<TreePath>;
  /** What will have been removed when the rest is done. */
  readonly #gone = new Set<TreePath>();
  readonly #directories = new Map<TreePath, { path: TreePath; mode: number | undefined }>();
  readonly #parents = new Map<TreePath, 'there' | 'missing' | 'blocked'>();

  constructor(input: PlanInput, problems: ProvisionError[]) {
    this.#input = input;
    this.#problems = problems;
    const { record } = input;
    this.#recorded = new Map(record?.files.map((file) => [file.path, file]));
    this.#pending = new Map(record?.pending.map((making) => [making.path, making]));
    this.#ownDirectories = new Set(record?.directories);
  }

  plan(): Plan {
    const { layout } = this.#input;
    const steps = this.#removals();
    for (const [path, wanted] of layout.wanted) {
      if (!this.#prepareParents(path, wanted)) continue;
      if (wanted.content.kind === 'directory') this.#prepareDirectory(path, wanted.content.mode, wanted);
      else steps.push(this.#step(path, wanted, wanted.content.kind));
    }
    const directories = [...this.#directories.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    return { steps, directories };
  }

  /** What is recorded and not wanted any more. */
  #removals(): Step[] {
    const { layout, places } = this.#input;
    const steps: Step[] = [];
    for (const [path, record] of this.#recorded) {
      const content = layout.wanted.get(path)?.content;
      if (content !== undefined && content.kind !== 'directory') continue;
      const status = realStatus(places.to, path);
      if (status === undefined) continue;
      const { kind, source } = record;
      const untouched = isUntouched(places, record, status);
      if (untouched) this.#gone.add(path);
      const reason = untouched
        ? 'no line asks for it any more'
        : 'it was edited, and no line asks for it any more';
      steps.push({ path, state: untouched ? 'remove' : 'kept', kind, source, unit: path, reason });
    }
    return steps;
  }

  /** Notes the directories above `path` that have to be made; false where something is in the way. */
  #prepareParents(path: TreePath, wanted: Wanted): boolean {
    const above = this.#parents.get(parentPath(path));
    // Those above it were looked at before it was.
    if (above !== undefined) return above !== 'blocked';
    for (const directory of [...ancestorsOf(path)].reverse()) {
      if (!this.#prepareDirectory(directory, undefined, wanted)) return false;
    }
    return true;
  }

  #prepareDirectory(path: TreePath, mode: number | undefined, { place }: Wanted): boolean {
    let state = this.#parents.get(path);
    if (state === undefined) {
      const status = this.#statusOf(path);
      state = status === undefined ? 'missing' : status.isDirectory() ? 'there' : 'blocked';
      this.#parents.set(path, state);
      if (state === 'missing') this.#directories.set(path, { path, mode });
      if (state === 'blocked') {
        const what = status?.isSymbolicLink() ? 'a symlink, which could lead elsewhere' : 'no directory';
        this.#problems.push(
          new ProvisionError(
            'provision/in-the-way',
            `${placeText(place)}: ${quoted(path)} is to be a directory of the workspace, and is ${what}. Move it away, or choose another destination.`,
          ),
        );
      }
    } else if (state === 'missing' && mode !== undefined) this.#directories.set(path, { path, mode });
    return state !== 'blocked';
  }

  #step(path: TreePath, wanted: Wanted, kind: FileRecord['kind']): Step {
    const { source } = wanted.content;
    const status = this.#statusOf(path);
    const wish = { path, kind, source, unit: wanted.unit, wanted };
    if (status === undefined) return { ...wish, state: 'create' };
    const base = { ...wish, found: status };
    const record = this.#recorded.get(path);
    if (record !== undefined) return { ...base, ...this.#stateOfRecorded(record, wanted, status) };
    const pending = this.#pending.get(path);
    const comparison = this.#compare(path, wanted.content, status);
    if (pending !== undefined) {
      if (comparison === 'same') return { ...base, state: 'unchanged' };
      const interrupted = 'an interrupted run has written it in part';
      if (comparison === 'a beginning of it') return { ...base, state: 'replace', reason: interrupted };
      if (comparison === 'unknown') {
        return { ...base, state: 'kept', reason: 'it was there already', undecided: true };
      }
    }
    if (status.isDirectory() && this.#ownDirectories.has(path)) {
      return { ...base, state: 'replace', reason: 'it was provisioned as a directory' };
    }
    const same = comparison === 'same' ? ', with the same content' : '';
    return { ...base, state: 'kept', reason: `it was there already${same}` };
  }

  /** What is at `path` when the removals are done. The directories above have been looked at. */
  #statusOf(path: TreePath): Stats | undefined {
    const isNew = this.#parents.get(parentPath(path)) === 'missing' || this.#gone.has(path);
    return isNew ? undefined : diskStatus(this.#input.places.to, path);
  }

  #stateOfRecorded(record: FileRecord, wanted: Wanted, status: Stats): Pick<Step, 'state' | 'reason'> {
    const { places } = this.#input;
    if (isUntouched(places, record, status)) {
      return this.#isFresh(record, wanted.content)
        ? { state: 'unchanged' }
        : { state: 'replace', reason: 'what it is made from has changed' };
    }
    if (this.#compare(record.path, wanted.content, status) === 'same') return { state: 'unchanged' };
    return { state: 'kept', reason: 'it was edited since it was provisioned' };
  }

  /** Whether a file that is as it was recorded would be made in the same way now. */
  #isFresh(record: FileRecord, content: WantedContent): boolean {
    if (content.kind === 'directory' || record.kind !== content.kind) return false;
    switch (content.kind) {
      case 'copy':
        if (record.sourceMode !== (content.status.mode & 0o777)) return false;
        if (
          record.source === content.source &&
          record.sourceSize === content.status.size &&
          record.sourceMtimeMs === content.status.mtimeMs
        ) {
          return true;
        }
        return (
          compareWithFile(this.#input.places.to, record.path, this.#input.places.from, content.source) ===
          'same'
        );
      case 'link':
      case 'symlink':
        return record.target === content.target;
      case 'template':
        return record.inputs === this.#input.renderings.get(record.path)?.inputs;
    }
  }

  #compare(path: TreePath, content: WantedContent, status: Stats): Comparison | 'unknown' {
    const { places, renderings } = this.#input;
    switch (content.kind) {
      case 'copy':
        return compareWithFile(places.to, path, places.from, content.source);
      case 'link':
      case 'symlink':
        return status.isSymbolicLink() && isLink(places.to, path, content.target) ? 'same' : 'different';
      case 'template': {
        const rendering = renderings.get(path);
        if (rendering === undefined || rendering.secrets.length > 0) return 'unknown';
        return compareWithBytes(places.to, path, Buffer.from(rendering.text));
      }
      case 'directory':
        return 'different';
    }
  }
}

/** The status of what is at `path`, if nothing above it leads elsewhere. */
export function realStatus(root: string, path: TreePath): Stats | undefined {
  for (const above of ancestorsOf(path)) if (!diskStatus(root, above)?.isDirectory()) return undefined;
  return diskStatus(root, path);
}

/**
 * Whether a recorded file has the content that it was provisioned with: by its status, and where that has changed
 * (somebody touched it, or the workspace was moved) by its bytes, as far as these are known from elsewhere.
 */
export function isUntouched(places: Places, record: FileRecord, status: Stats): boolean {
  if (isAsRecorded(places.to, record, status)) return true;
  if (!status.isFile() || status.size !== record.size) return false;
  return hasKnownContent(places, record, status);
}

/** Whether a file has the bytes that its making says, without a secret being fetched for that. */
export function hasKnownContent(
  places: Places,
  making: Making & Partial<FileRecord>,
  status: Stats,
): boolean {
  const { kind, path, source, inputs } = making;
  if (kind === 'link' || kind === 'symlink') {
    return status.isSymbolicLink() && isLink(places.to, path, making.target ?? '');
  }
  if (kind === 'template') {
    return making.secret !== true && inputs !== undefined && hasHash(places.to, path, inputs);
  }
  const from = diskStatus(places.from, source);
  const isSourceOld = making.sourceMtimeMs === undefined || from?.mtimeMs === making.sourceMtimeMs;
  return (
    from !== undefined && isSourceOld && compareWithFile(places.to, path, places.from, source) === 'same'
  );
}
