import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryAround } from '../git/repository-around.ts';
import { isSlug } from '../session/plan/slug.ts';
import type { Configuration, Environment } from './configuration.ts';

/** Where the sessions are that a command means: a git repository with its hub, or the object store. */
export type LedgerChoice = 'hub' | 'store';

/** What a command line says about where its session is. */
export interface LedgerHints {
  readonly project?: string | undefined;
  readonly session?: string | undefined;
}

/**
 * Which ledger a command means. The first of these that says something decides:
 *
 * 1. `--project`: the store.
 * 2. The session's name: `2025-10-14-auth-system` is one of a hub, `sess-4k2m9x7qw0ab` one of the store.
 * 3. The workspace around the directory, be it of the one or of the other; the inner one of two.
 * 4. `MICELIO_PROJECT`: the store.
 * 5. A git repository around the directory whose main branch has sessions, or that says where it has them: the hub.
 * 6. The store.
 *
 * Starts git only in a repository where that cannot be told by looking.
 */
export async function chooseLedger(
  { workspace }: Pick<Configuration, 'workspace'>,
  environment: Environment,
  directory: string,
  hints: LedgerHints,
): Promise<LedgerChoice> {
  if (hints.project !== undefined) return 'store';
  if (hints.session !== undefined && isSlug(hints.session)) return 'hub';
  if (hints.session?.startsWith('sess-')) return 'store';
  const repository = repositoryAround(directory);
  if (workspace !== undefined && !isInside(repository?.top, workspace.directory)) return 'store';
  if (repository === undefined) return 'store';
  if (existsSync(join(repository.gitDirectory, 'micelio', 'session.json'))) return 'hub';
  // An empty variable counts as none.
  if (environment.MICELIO_PROJECT) return 'store';
  if (existsSync(join(repository.top, '_AGENTS', 'sessions'))) return 'hub';
  return (await hasSessions(environment, directory)) ? 'hub' : 'store';
}

/** Whether `directory` lies in a git repository that has no sessions, as far as its files tell. */
export function lacksSessions(directory: string): boolean {
  const repository = repositoryAround(directory);
  return repository !== undefined && !existsSync(join(repository.top, '_AGENTS', 'sessions'));
}

function isInside(path: string | undefined, directory: string): boolean {
  return path?.startsWith(`${directory}/`) ?? false;
}

/** Asks git, which knows of bare repositories, other branches and other folders. */
async function hasSessions(environment: Environment, directory: string): Promise<boolean> {
  const [{ Git }, { openHub }, { rootDefault }, { gitArguments }, { MicelioError }] = await Promise.all([
    import('../git/git-process.ts'),
    import('../ledger/git/hub.ts'),
    import('../ledger/git/layout.ts'),
    import('../git/repository.ts'),
    import('../base/error.ts'),
  ]);
  try {
    const { repository, main, layout } = await openHub(new Git(environment), directory);
    // Who has said which folder it is means the hub, and is told where it is wrong.
    if (layout.root !== rootDefault) return true;
    const command = gitArguments(repository, ['cat-file', '-e', `${main}:${layout.sessions}`]);
    return (await repository.git.attempt(command)).exitCode === 0;
  } catch (error) {
    // A repository without a main branch is nobody's hub, and a machine without git has none.
    if (error instanceof MicelioError) return false;
    throw error;
  }
}
