import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Git } from '../../git/git-process.ts';
import type { Repository } from '../../git/repository.ts';
import { WorkspaceError } from '../workspace-error.ts';
import type { GitWorkspace } from './workspace-record.ts';

/**
 * Brings the commits that were made in the submodules of a workspace to the hub's own copy of each submodule, below
 * `refs/sessions/<slug>/`: a checkout of what lands finds them there. Throws `workspace/cannot-keep` for a submodule of
 * which the hub has no copy, and whose commits were pushed nowhere.
 */
export async function keepSubmodules({ repository, record }: GitWorkspace, hub: Repository): Promise<void> {
  const { git } = repository;
  const modules = join(repository.gitDirectory, 'modules');
  for (const name of repositoriesBelow(modules)) {
    const submodule = join(modules, name);
    const copy = join(hub.gitDirectory, 'modules', name);
    const isCopied = existsSync(join(copy, 'HEAD'));
    for (const tip of await tipsOf(git, submodule)) {
      if (isCopied ? await reaches(git, copy, tip, '--all') : await reaches(git, submodule, tip, '--remotes'))
        continue;
      if (!isCopied) {
        throw new WorkspaceError(
          'workspace/cannot-keep',
          `The submodule "${name}" of the workspace of ${record.slug} has commits that are nowhere else. Push them to its own repository ("git push", in the submodule); then do it again.`,
        );
      }
      const ref = `refs/sessions/${record.slug}/${tip}`;
      await git.run([
        `--git-dir=${submodule}`,
        ...['-c', 'push.negotiate=true'],
        'push',
        '--quiet',
        '--no-verify',
        copy,
        `${tip}:${ref}`,
      ]);
    }
  }
}

/** The git directories in `directory` and, of submodules that have some, in theirs; as paths from `directory`. */
function repositoriesBelow(directory: string, above = ''): string[] {
  const here = join(directory, above);
  if (!existsSync(here)) return [];
  return readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const path = join(above, name);
      if (!existsSync(join(directory, path, 'HEAD'))) return repositoriesBelow(directory, path);
      return [path, ...repositoriesBelow(directory, join(path, 'modules'))];
    });
}

/** The newest commits of all that somebody may have committed: where it stands, branches and stashes. */
async function tipsOf(git: Git, repository: string): Promise<ReadonlySet<string>> {
  const at = `--git-dir=${repository}`;
  const answers = await Promise.all(
    [
      ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'],
      ['for-each-ref', '--format=%(objectname)', 'refs/heads/'],
      ['log', '--walk-reflogs', '--format=%H', 'refs/stash', '--'],
    ].map((command) => git.attempt([at, ...command])),
  );
  // Of one that has no commit or no stash, git says that there is none.
  const found = answers.filter(({ exitCode }) => exitCode === 0);
  return new Set(found.flatMap(({ stdout }) => stdout.toString('latin1').split('\n').filter(Boolean)));
}

/** Whether a repository has `commit`, behind one of `refs`. */
async function reaches(git: Git, repository: string, commit: string, refs: string): Promise<boolean> {
  const args = [`--git-dir=${repository}`, 'rev-list', '--max-count=1', commit, '--not', refs];
  const { exitCode, stdout } = await git.attempt(args);
  return exitCode === 0 && stdout.length === 0;
}
