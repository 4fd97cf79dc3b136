import { lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { type Hash, parseHash } from '../../base/hash.ts';
import { isAbsent } from '../../base/system-error.ts';
import type { WorkspaceKind } from '../../session/workspace-port.ts';
import { markerName } from '../marker-name.ts';
import { WorkspaceError, workspaceErrorFrom } from '../workspace-error.ts';

/** Says to whom a workspace belongs. `docs/formats/checkout-state.md` describes all files of the marker directory. */
export interface WorkspaceOwner {
  readonly kind: WorkspaceKind;
  /**
   * A checkout: the session's tree that it was made from, or that the two last agreed upon. A mount: the tree that it
   * was made from.
   */
  readonly tree: Hash;
  /** What the caller of `createCheckout` wants to find again: which store, project and session. Any JSON value. */
  readonly session: unknown;
}

/** The file of the marker directory that says whose workspace it is. */
export const ownerFileName = 'session.json';
/** What keeps git from looking into the marker directory: its `.gitignore`. */
export const ignoreEverything = '*\n';

const formats: Readonly<Record<WorkspaceKind, string>> = {
  checkout: 'micelio-checkout',
  mount: 'micelio-mount',
};
const version = 1;

const ownerSchema = v.object({
  format: v.picklist(Object.values(formats)),
  version: v.literal(version),
  tree: v.pipe(v.string(), v.transform(parseHash)),
  session: v.unknown(),
});

/** The directory at the root of a checkout that holds what belongs to the checkout itself. */
export class Marker {
  readonly directory: string;

  constructor(workspace: string) {
    this.directory = join(workspace, markerName);
  }

  get ownerFile(): string {
    return join(this.directory, ownerFileName);
  }

  get stateFile(): string {
    return join(this.directory, 'state');
  }

  get lockFile(): string {
    return join(this.directory, 'lock');
  }

  /** Touched to see what time the file system has. */
  get clockFile(): string {
    return join(this.directory, 'clock');
  }

  /** The lock of whoever records the checkout in its session. */
  get turnFile(): string {
    return join(this.directory, 'turn');
  }

  /** What an update that is under way wants to do; there is none at rest. */
  get journalFile(): string {
    return join(this.directory, 'journal.json');
  }

  /** New files wait here until they are put in their place. */
  get stagingDirectory(): string {
    return join(this.directory, 'staging');
  }

  get exists(): boolean {
    return isDirectory(this.directory);
  }

  /** Makes the directory and what keeps git from looking into it. */
  make(): void {
    mkdirSync(this.stagingDirectory, { recursive: true });
    writeFileSync(join(this.directory, '.gitignore'), ignoreEverything);
  }

  /** What the workspace belongs to; undefined while it is not finished. Throws `workspace/format-unknown`. */
  readOwner(): WorkspaceOwner | undefined {
    const text = readText(this.ownerFile);
    if (text === undefined) return undefined;
    const parsed = v.safeParse(ownerSchema, parseJson(text));
    if (parsed.success) {
      const { format, tree, session } = parsed.output;
      return { kind: format === formats.mount ? 'mount' : 'checkout', tree, session };
    }
    throw new WorkspaceError(
      'workspace/format-unknown',
      `"${this.ownerFile}" is not what this version of Micelio writes. Update Micelio, or restore the file.`,
    );
  }

  writeOwner(owner: WorkspaceOwner): void {
    replaceFile(this.ownerFile, ownerText(owner));
  }
}

/** What `session.json` of a workspace says. */
export function ownerText({ kind, tree, session }: WorkspaceOwner): string {
  return `${JSON.stringify({ format: formats[kind], version, tree, session }, null, 2)}\n`;
}

/** A workspace, as found from a directory inside of it. */
export interface FoundWorkspace {
  /** The root of the workspace, absolute. */
  readonly directory: string;
  readonly owner: WorkspaceOwner;
}

/** The workspace that `directory` is in, if it is in one. Looks in the directory itself and in all above it. */
export function findWorkspace(directory: string): FoundWorkspace | undefined {
  for (let at = resolve(directory); ; at = dirname(at)) {
    const owner = new Marker(at).readOwner();
    if (owner !== undefined) return { directory: at, owner };
    if (at === dirname(at)) return undefined;
  }
}

/** Replaces a small file as a whole: a reader finds the old content or the new. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw workspaceErrorFrom(error, `write "${path}"`);
  }
}

/** A small file's text; undefined where there is none. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw workspaceErrorFrom(error, `read "${path}"`);
  }
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
