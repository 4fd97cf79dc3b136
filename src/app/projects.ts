import { readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hasCode } from '../base/error.ts';
import type { Hash } from '../base/hash.ts';
import { exportTree } from '../git/export.ts';
import { GitError } from '../git/git-error.ts';
import { Git } from '../git/git-process.ts';
import { importRevision } from '../git/import.ts';
import { parseObjectId } from '../git/object-id.ts';
import { type RefName, readRef } from '../git/refs.ts';
import { openRepository, type Repository, resolveCommit } from '../git/repository.ts';
import type { Landing } from '../session/head.ts';
import { createProject, type ImportedTree, landImport, lastImport } from '../session/project-import.ts';
import type { Agent } from '../session/session.ts';
import { SessionError } from '../session/session-error.ts';
import { importDirectory } from '../workspace/import-directory.ts';
import type { ChosenTree } from './choose-tree.ts';
import type { Environment } from './configuration.ts';
import type { OpenProject } from './open-project.ts';

/** Told how far a long step is. */
export type OnProgress = (what: string, done: number, total?: number) => void;

/** Where files come from: what a user said of it. */
export interface Source {
  /** A git repository, or any directory. */
  readonly directory: string;
  /** The revision of a git repository. Left out: HEAD; in a directory that is no repository it is an error. */
  readonly revision?: string | undefined;
  /** How to look at the directory: as a repository where it is one, or as plain files in any case. */
  readonly as: 'detect' | 'files';
  /** Plain files only: takes in what `.gitignore` excludes. */
  readonly ignored: 'leave' | 'take';
}

/** What an import brought. */
export interface Imported {
  readonly landing: Landing;
  readonly commit: string | null;
  readonly entries: number;
  readonly newBytes: number;
  readonly leftBehind: readonly string[];
}

/** Imports files and lands what is new of them. A conflict with what landed here is `landing/conflict`. */
export async function importSource(
  project: OpenProject,
  environment: Environment,
  source: Source,
  agent: Agent,
  message: string | undefined,
  onProgress: OnProgress,
): Promise<Imported> {
  const directory = resolve(source.directory);
  requireDirectory(directory);
  const repository =
    source.as === 'files' ? undefined : await findRepository(environment, directory, source.revision);
  const { tree, ...facts } =
    repository === undefined
      ? await importFiles(project, directory, source.ignored, onProgress)
      : await importGit(project, repository, directory, source.revision ?? 'HEAD', onProgress);
  const from = pathToFileURL(directory).href;
  const imported: ImportedTree = { source: from, commit: facts.commit, tree };
  const named = facts.commit === null ? directory : `${directory} at ${facts.commit.slice(0, 12)}`;
  const outcome = await landImport(project, project.landings, imported, agent, message ?? `Import ${named}`);
  if (outcome.outcome === 'conflict') {
    const paths = outcome.conflicts
      .slice(0, 5)
      .map(({ path }) => path)
      .join(', ');
    throw new SessionError(
      'landing/conflict',
      `What is new in ${directory} conflicts with what landed here, in ${paths}. Nothing was changed. Export the head to the repository, merge there, and import the merge.`,
    );
  }
  return { landing: outcome.landing, ...facts };
}

type ImportedFiles = { readonly tree: Hash } & Omit<Imported, 'landing'>;

async function importGit(
  project: OpenProject,
  repository: Repository,
  directory: string,
  revision: string,
  onProgress: OnProgress,
): Promise<ImportedFiles> {
  const before = await lastImport(project, pathToFileURL(directory).href);
  const previous =
    before === undefined || before.commit === null
      ? {}
      : { previous: { commit: parseObjectId(before.commit), tree: before.tree } };
  const result = await importRevision({
    repository,
    revision,
    blobs: project.blobs,
    nodes: project.nodes,
    ...previous,
    onProgress: ({ files, filesTotal }) => onProgress('Importing', files, filesTotal),
  });
  return {
    tree: result.tree,
    commit: result.commit,
    entries: result.entries,
    newBytes: result.newBytes,
    leftBehind: [],
  };
}

async function importFiles(
  project: OpenProject,
  directory: string,
  ignored: Source['ignored'],
  onProgress: OnProgress,
): Promise<ImportedFiles> {
  const result = await importDirectory(project, directory, {
    all: ignored === 'take',
    onProgress: ({ files, filesTotal }) => onProgress('Importing', files, filesTotal),
  });
  return {
    tree: result.tree,
    commit: null,
    entries: result.files + result.symlinks + result.directories,
    newBytes: result.newBytes,
    leftBehind: result.leftBehind.map(({ path, reason }) => `${path}: ${reason}`),
  };
}

/** The repository that `directory` is the top of; undefined when it is none and no revision was asked for. */
async function findRepository(
  environment: Environment,
  directory: string,
  revision: string | undefined,
): Promise<Repository | undefined> {
  const isRepository = readdirSync(directory).some((name) => name === '.git' || name === 'HEAD');
  if (!isRepository && revision === undefined) return undefined;
  return openRepository(new Git(environment), directory);
}

/** Throws what `importSource` would say of a source that cannot be imported at all, before anything is made of it. */
export async function requireSource(environment: Environment, source: Source): Promise<void> {
  requireDirectory(source.directory);
  const repository =
    source.as === 'files' ? undefined : await findRepository(environment, source.directory, source.revision);
  if (repository !== undefined) await resolveCommit(repository, source.revision ?? 'HEAD');
}

function requireDirectory(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new GitError(
    'git/not-a-repository',
    `There is no directory "${directory}". Name a git repository or a directory with files.`,
  );
}

/**
 * Makes a project that an import will fill. One that is there and still empty is taken for what an import that was
 * killed has left; any other is `project/exists`.
 */
export async function createToFill(project: OpenProject, description: string): Promise<void> {
  try {
    await createProject(project, description);
  } catch (error) {
    const isEmpty = hasCode(error, 'project/exists') && (await project.ledger.readHead()).head.sequence === 0;
    if (!isEmpty) throw error;
  }
}

export interface GitExport {
  readonly commit: string;
  readonly gitTree: string;
}

/**
 * Makes a git commit of a tree in `directory`'s repository and moves `ref` to it, with trailers that name the project,
 * session and landing. Its parent is what the ref was; a new ref begins with the commit that was last imported from
 * this repository, if any.
 */
export async function exportToGit(
  project: OpenProject,
  environment: Environment,
  directory: string,
  ref: RefName,
  exported: ChosenTree,
  onProgress: OnProgress,
): Promise<GitExport> {
  const repository = await openRepository(new Git(environment), resolve(directory));
  const expected = await readRef(repository, ref);
  const imported = await lastImport(project, pathToFileURL(resolve(directory)).href);
  const known =
    imported?.commit == null ? undefined : { commit: parseObjectId(imported.commit), tree: imported.tree };
  const parent = expected === 'absent' ? known?.commit : expected;
  const { name, email } = exported.agent;
  const author = { name, email, ms: exported.atMs, offsetMinutes: 0 };
  return exportTree({
    repository,
    blobs: project.blobs,
    nodes: project.nodes,
    tree: exported.tree,
    parents: parent === undefined ? [] : [parent],
    message: exported.message,
    author,
    committer: author,
    trailers: trailersOf(project, exported),
    ...(known && { previous: known }),
    ref: { name: ref, expected },
    onProgress: ({ paths, pathsTotal }) => onProgress('Exporting', paths, pathsTotal),
  });
}

function trailersOf(project: OpenProject, { session, landing }: ChosenTree): [string, string][] {
  const trailers: [string, string][] = [['Micelio-Project', project.name]];
  if (landing !== undefined) trailers.push(['Micelio-Landing', String(landing.sequence)]);
  if (session !== undefined)
    trailers.push(
      ['Micelio-Session', session.id],
      ['Micelio-Agent', `${session.agent.name} <${session.agent.email}>`],
    );
  return trailers;
}
