import { encodeCommit } from '../../git/commit-object.ts';
import { type GitTreeEntry, gitMode, kindOfMode, parseGitTree } from '../../git/git-tree.ts';
import { GitTreeEdit, type KnownTrees } from '../../git/git-tree-edit.ts';
import { idBytesOf, type ObjectId } from '../../git/object-id.ts';
import type { RefMove } from '../../git/refs.ts';
import { checkPath } from '../../git/refused-paths.ts';
import type { StagedObjects } from '../../git/staged-objects.ts';
import type { SessionState } from '../../session/life-cycle.ts';
import { isSlug, type Slug } from '../../session/plan/slug.ts';
import type { Agent } from '../../session/session.ts';
import { ancestorsOf, baseName, type FileName, joinPath, type TreePath } from '../../tree/path.ts';
import type { AuthorityRefs } from './authority.ts';
import { type Claim, claimBytesMax, encodeClaim, parseClaim } from './claim.ts';
import type { Hub } from './hub.ts';
import { claimRef, conflictFile, folderOfState, type StateFolder } from './layout.ts';
import { type LockLines, lockBytesMax, parseLockFile, withLockLine } from './lock-file.ts';

/** Largest file that is read of a session, in bytes. */
export const sessionFileBytesMax = 64 * 1024 * 1024;

/** What becomes of a file: it gets what it had, or undefined, and returns what it shall have; undefined removes it. */
export type ContentChange = (before: Buffer | undefined) => Uint8Array | undefined;

/** An edit of a file on the main branch. The path is from the top. */
export interface TreeFileEdit {
  readonly path: TreePath;
  readonly change: ContentChange;
}

export interface DraftCommit {
  readonly by: Agent;
  readonly message: string;
  /** A session's folder that moves. */
  readonly move?: { readonly slug: Slug; readonly from: StateFolder; readonly to: StateFolder };
  readonly edits?: readonly TreeFileEdit[];
}

/** A session's folder on the main branch. */
export interface SessionFolder {
  readonly slug: Slug;
  readonly folder: StateFolder;
  readonly tree: ObjectId;
}

export interface KnownClaim {
  readonly blob: ObjectId | 'absent';
  /** Undefined: it cannot be read. */
  readonly claim: Claim | undefined;
}

/** Later states count where a folder is in two of them. */
const folderOrder: readonly StateFolder[] = ['drafting', 'planned', 'active', 'abandoned', 'completed'];

/**
 * The ledger as it was at one moment, with changes on top that nobody else can see yet: commits on main and claims. What
 * they come to is a list of refs to move at once.
 */
export class LedgerDraft {
  readonly objects: StagedObjects;
  readonly refs: AuthorityRefs;
  readonly #hub: Hub;
  readonly #nowMs: number;
  #main: ObjectId;
  /** Replaced and never changed, so that an attempt can go back to what it was. */
  #claims: ReadonlyMap<Slug, KnownClaim>;
  #expectsMain = false;
  readonly #trees: KnownTrees = new Map();
  /** Of the tree of `#main`. */
  #lock: Promise<LockLines> | undefined;

  /** `claims` are those of `refs`, read. */
  constructor(
    hub: Hub,
    objects: StagedObjects,
    refs: AuthorityRefs,
    claims: ReadonlyMap<Slug, KnownClaim>,
    nowMs: number,
  ) {
    this.#hub = hub;
    this.objects = objects;
    this.refs = refs;
    this.#main = refs.main;
    this.#claims = claims;
    this.#nowMs = nowMs;
  }

  /** The commit that main is at, or will be. */
  get main(): ObjectId {
    return this.#main;
  }

  get claims(): ReadonlyMap<Slug, KnownClaim> {
    return this.#claims;
  }

  /** Runs `work`; if it throws, what it did to the draft is taken back. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    const [main, claims, expectsMain] = [this.#main, this.#claims, this.#expectsMain];
    try {
      return await work();
    } catch (error) {
      this.#setMain(main);
      this.#claims = claims;
      this.#expectsMain = expectsMain;
      throw error;
    }
  }

  /** Every session that has a folder. */
  async sessions(): Promise<ReadonlyMap<Slug, SessionFolder>> {
    const { layout } = this.#hub;
    const sessions = new Map<Slug, SessionFolder>();
    const edit = await this.#edit();
    for (const folder of folderOrder) {
      for (const { name, mode, id } of await edit.entriesBefore(layout.folder(folder))) {
        if (mode === gitMode.directory && isSlug(name))
          sessions.set(name as Slug, { slug: name as Slug, folder, tree: id });
      }
    }
    return sessions;
  }

  /** The folder of one session; undefined where it has none. */
  async sessionFolder(slug: Slug): Promise<SessionFolder | undefined> {
    const edit = await this.#edit();
    for (const folder of folderOrder.toReversed()) {
      const entry = await edit.before(this.#hub.layout.session(folder, slug));
      if (entry?.mode === gitMode.directory) return { slug, folder, tree: entry.id };
    }
    return undefined;
  }

  /** The state of a session. */
  async stateOf(session: SessionFolder): Promise<SessionState> {
    return (await this.statesOf([session])).get(session.slug)!;
  }

  /** The state of each of `sessions`. */
  async statesOf(sessions: readonly SessionFolder[]): Promise<ReadonlyMap<Slug, SessionState>> {
    const active = sessions.filter(({ folder }) => folder === 'active');
    const trees = await this.objects.readTrees(active.map(({ tree }) => tree));
    const isConflicted = ({ tree }: SessionFolder) =>
      this.#parse(trees.get(tree)!).some(({ name }) => name === conflictFile);
    return new Map(
      sessions.map((session) => {
        const { slug, folder } = session;
        return [slug, folder === 'active' && isConflicted(session) ? 'conflicted' : folder];
      }),
    );
  }

  lock(): Promise<LockLines> {
    this.#lock ??= this.readFile(this.#hub.layout.lock, lockBytesMax).then((bytes) =>
      parseLockFile(bytes?.toString('utf8') ?? ''),
    );
    return this.#lock;
  }

  /** The content of a file on main; undefined where there is none. */
  async readFile(path: TreePath, bytesMax: number): Promise<Buffer | undefined> {
    const entry = await this.entryAt(path);
    return entry === undefined || !isFile(entry) ? undefined : this.objects.readBlob(entry.id, bytesMax);
  }

  /** What main has at `path`. */
  async entryAt(path: TreePath): Promise<GitTreeEntry | undefined> {
    return (await this.#edit()).before(path);
  }

  /** The file `name` of each of `sessions` that has it, asked for together. */
  async filesNamed(
    sessions: readonly SessionFolder[],
    name: TreePath | FileName,
    bytesMax: number,
  ): Promise<ReadonlyMap<Slug, Buffer>> {
    await this.objects.readTrees(sessions.map(({ tree }) => tree));
    const ids = new Map<Slug, ObjectId>();
    for (const { slug, folder } of sessions) {
      const entry = await this.entryAt(sessionFile(this.#hub, folder, slug, name));
      if (entry !== undefined && isFile(entry)) ids.set(slug, entry.id);
    }
    const blobs = await this.objects.readBlobs(Array.from(ids.values()), bytesMax);
    const files = new Map<Slug, Buffer>();
    // One that is too large is asked for alone, which says so.
    for (const [slug, id] of ids)
      files.set(slug, blobs.get(id) ?? (await this.objects.readBlob(id, bytesMax)));
    return files;
  }

  /** The files of a session's folder and those below it: their paths in it, in order. */
  async filesOf(tree: ObjectId): Promise<readonly { readonly path: TreePath; readonly id: ObjectId }[]> {
    const files: { path: TreePath; id: ObjectId }[] = [];
    const walk = async (id: ObjectId, directory: TreePath): Promise<void> => {
      for (const entry of await this.#entriesOf(id)) {
        const path = joinPath(directory, entry.name);
        if (isDirectory(entry)) await walk(entry.id, path);
        else if (isFile(entry)) files.push({ path, id: entry.id });
      }
    };
    await walk(tree, '' as TreePath);
    return files;
  }

  /** Puts a commit on top of main. Where it would change nothing, there is none. */
  async commit({ by, message, move, edits = [] }: DraftCommit): Promise<void> {
    const { layout } = this.#hub;
    const edit = await this.#edit();
    const moved = move && (await this.sessionFolder(move.slug));
    const [from, to] = move
      ? [layout.session(move.from, move.slug), layout.session(move.to, move.slug)]
      : [undefined, undefined];
    if (moved && from !== undefined && to !== undefined && from !== to) {
      edit.setDirectory(from, undefined);
      edit.setDirectory(to, moved.tree);
    }
    for (const { path, change } of edits) {
      for (const ancestor of [...ancestorsOf(path)].reverse()) checkPath(ancestor, baseName(ancestor));
      checkPath(path, baseName(path));
      // A folder that moves takes its files along, so what one of them had stands at its old place.
      const isMoved = to !== undefined && path.startsWith(`${to}/`);
      const old = await edit.before((isMoved ? `${from}${path.slice(to.length)}` : path) as TreePath);
      const had = old && isFile(old) ? await this.objects.readBlob(old.id, sessionFileBytesMax) : undefined;
      const has = change(had);
      if (has === undefined) edit.set(path, undefined);
      else if (had === undefined || !had.equals(has)) {
        const id = await this.objects.add('blob', has);
        edit.set(path, { mode: old && isFile(old) ? old.mode : gitMode.file, id });
      }
    }
    const tree = await edit.write(this.objects);
    if (tree !== (await this.treeOf(this.#main))) await this.#addCommit(tree, by, message);
  }

  /** Puts `commit`, whose parent is the main of this draft, on main. */
  land(commit: ObjectId): void {
    this.#setMain(commit);
  }

  /** Keeps the line of a session in `sessions.lock` as `seconds` says; undefined: without one. */
  lockEdit(slug: Slug, seconds: number | undefined): TreeFileEdit {
    const path = this.#hub.layout.lock;
    return {
      path,
      change: (before) => Buffer.from(withLockLine(before?.toString('utf8') ?? '', slug, seconds)),
    };
  }

  async setClaim(slug: Slug, claim: Claim | 'absent'): Promise<void> {
    const known: KnownClaim =
      claim === 'absent'
        ? { blob: 'absent', claim: undefined }
        : { blob: await this.objects.add('blob', encodeClaim(claim)), claim };
    this.#claims = new Map([...this.#claims, [slug, known]]);
  }

  /** What is changed holds only if main is still what it was, even where main itself does not change. */
  expectMain(): void {
    this.#expectsMain = true;
  }

  /** What has to move for the changes to be true: nothing, if there are none. */
  moves(): readonly RefMove[] {
    const { main } = this.#hub;
    const moves: RefMove[] = [];
    for (const [slug, { blob }] of this.#claims) {
      const expected = this.refs.claims.get(slug) ?? 'absent';
      if (blob !== expected) moves.push({ ref: claimRef(slug), expected, next: blob });
    }
    const isMoved = this.#main !== this.refs.main;
    if (isMoved || (this.#expectsMain && moves.length > 0)) {
      moves.push({ ref: main, expected: this.refs.main, next: this.#main });
    }
    return moves;
  }

  treeOf(commit: ObjectId): Promise<ObjectId> {
    return this.objects.treeOfCommit(commit);
  }

  /** Of the tree of main, nothing of it changed yet. */
  async #edit(): Promise<GitTreeEdit> {
    return new GitTreeEdit(this.#hub.repository, this.objects, await this.treeOf(this.#main), this.#trees);
  }

  async #addCommit(tree: ObjectId, { name, email }: Agent, message: string): Promise<void> {
    const person = { name, email, ms: this.#nowMs, offsetMinutes: 0 };
    const content = { tree, parents: [this.#main], author: person, committer: person, message };
    this.#setMain(await this.objects.add('commit', encodeCommit(content)));
  }

  #setMain(commit: ObjectId): void {
    if (commit === this.#main) return;
    this.#main = commit;
    this.#lock = undefined;
  }

  async #entriesOf(tree: ObjectId): Promise<readonly GitTreeEntry[]> {
    return this.#parse(await this.objects.read(tree, 'tree'));
  }

  #parse(tree: Buffer): readonly GitTreeEntry[] {
    return parseGitTree(tree, idBytesOf[this.#hub.repository.objectFormat], '').entries;
  }
}

/**
 * The claims that `blobs` name, by session. Those in `known` are not read again. One that is no blob, or too large, cannot be
 * read, and that concerns its session alone.
 */
export async function readClaims(
  objects: StagedObjects,
  blobs: ReadonlyMap<Slug, ObjectId>,
  known: ReadonlyMap<Slug, KnownClaim> = new Map(),
): Promise<ReadonlyMap<Slug, KnownClaim>> {
  const unread = Array.from(blobs).filter(([slug, blob]) => known.get(slug)?.blob !== blob);
  const read = await objects.readBlobs(
    unread.map(([, blob]) => blob),
    claimBytesMax,
  );
  const claims = new Map<Slug, KnownClaim>();
  for (const [slug, blob] of blobs) {
    const before = known.get(slug);
    const bytes = read.get(blob);
    const claim = bytes && parseClaim(slug, bytes);
    claims.set(slug, before?.blob === blob ? before : { blob, claim });
  }
  return claims;
}

/** The path of a file of a session, from the top. `name` may have slashes. */
export function sessionFile(hub: Hub, state: SessionState, slug: Slug, name: TreePath | FileName): TreePath {
  return `${hub.layout.session(folderOfState(state), slug)}/${name}` as TreePath;
}

function isFile({ mode, name }: GitTreeEntry): boolean {
  return kindOfMode(mode, name) === 'file';
}

function isDirectory({ mode, name }: GitTreeEntry): boolean {
  return kindOfMode(mode, name) === 'directory';
}
