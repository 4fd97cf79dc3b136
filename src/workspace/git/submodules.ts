import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { WorkspaceError } from '../workspace-error.ts';
import { fetchLargeFiles } from './large-files.ts';

/** Whether submodules are checked out, or left empty. */
export type SubmoduleChoice = 'initialise' | 'leave empty';

/** What a workspace got that git does not bring by itself, and what it did not get. */
export interface Materialised {
  /** Paths of submodules that were checked out. */
  readonly submodules: readonly string[];
  /** Paths of submodules that were left empty, as asked for. */
  readonly emptySubmodules: readonly string[];
  /** LFS: files are what they stand for, or pointers because git-lfs is not installed; undefined where none are used. */
  readonly largeFiles: 'present' | 'pointers' | undefined;
}

/**
 * Checks out submodules, and makes LFS pointers the files that they stand for. A submodule that the hub has is taken from
 * there, without a network. Throws `workspace/submodule` for one that cannot be had: it is never left out silently.
 */
export async function materialise(
  repository: Repository,
  directory: string,
  hub: Repository,
  choice: SubmoduleChoice,
): Promise<Materialised> {
  const submodules = await submodulesOf(repository, directory);
  if (choice === 'initialise') {
    for (const submodule of submodules) await initialise(repository, directory, hub, submodule);
  }
  const paths = submodules.map(({ path }) => path);
  return {
    submodules: choice === 'initialise' ? paths : [],
    emptySubmodules: choice === 'initialise' ? [] : paths,
    largeFiles: await fetchLargeFiles(repository, directory),
  };
}

interface Submodule {
  readonly name: string;
  readonly path: string;
}

/** The submodules that a working tree says it has. */
export async function submodulesOf({ git }: Repository, directory: string): Promise<Submodule[]> {
  if (!existsSync(join(directory, '.gitmodules'))) return [];
  const args = [
    'config',
    '--file',
    join(directory, '.gitmodules'),
    '--null',
    '--get-regexp',
    '^submodule\\..*\\.path$',
  ];
  const { exitCode, stdout } = await git.attempt(args);
  if (exitCode !== 0) return [];
  return stdout
    .toString('utf8')
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const newline = line.indexOf('\n');
      const name = line.slice('submodule.'.length, newline - '.path'.length);
      return { name, path: line.slice(newline + 1) };
    });
}

async function initialise(
  { git }: Repository,
  directory: string,
  hub: Repository,
  { name, path }: Submodule,
): Promise<void> {
  const known = join(hub.gitDirectory, 'modules', ...name.split('/'));
  await takeOverSettings({ git, directory, hub, name });
  // git refuses local paths for submodules, since a hostile repository could name any. This one is the hub's own.
  const local = existsSync(join(known, 'HEAD'))
    ? [
        '-c',
        'protocol.file.allow=always',
        '-c',
        `submodule.${name}.url=file://${known.replaceAll('%', '%25')}`,
      ]
    : [];
  const args = ['-C', directory, ...local, 'submodule', '--quiet', 'update', '--init', '--', path];
  const { exitCode, stderr } = await git.attempt(args);
  if (exitCode === 0) return;
  throw new WorkspaceError(
    'workspace/submodule',
    `The submodule "${path}" cannot be checked out. Run "git submodule update --init" in the hub first. Git says: ${stderr}`,
  );
}

/** The submodule is as active as the hub's, and its own repository is where the hub's is. */
async function takeOverSettings(of: {
  readonly git: Repository['git'];
  readonly directory: string;
  readonly hub: Repository;
  readonly name: string;
}): Promise<void> {
  const key = `submodule.${of.name}.url`;
  const { exitCode, stdout } = await of.git.attempt(gitArguments(of.hub, ['config', '--get', key]));
  if (exitCode !== 0) return;
  const url = stdout.toString('utf8').trim();
  await of.git.run(['-C', of.directory, 'config', key, url]);
  await of.git.run(['-C', of.directory, 'config', `submodule.${of.name}.active`, 'true']);
}
