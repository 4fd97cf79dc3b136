import { ownFiles } from './snapshot-files.ts';
import type { GitWorkspace } from './workspace-record.ts';

/**
 * Commits all that a workspace holds, nobody has committed and git does not ignore, but for provisioned files and
 * repositories inside of it, in the name of `person`; whether there was anything. The hooks of the workspace run. Throws `git/failed`, with what git or a hook has said.
 */
export async function commitRest(
  { repository, directory }: GitWorkspace,
  message: string,
  person: { readonly name: string; readonly email: string },
): Promise<boolean> {
  const { git } = repository;
  const at = ['-C', directory];
  const paths = ['--pathspec-from-file=-', '--pathspec-file-nul'];
  await git.run([...at, 'add', '--all', ...paths], { input: await ownFiles({ repository, directory }) });
  const { exitCode } = await git.attempt([...at, 'diff', '--cached', '--quiet']);
  if (exitCode === 0) return false;
  const environment = {
    GIT_AUTHOR_NAME: person.name,
    GIT_AUTHOR_EMAIL: person.email,
    GIT_COMMITTER_NAME: person.name,
    GIT_COMMITTER_EMAIL: person.email,
  };
  await git.run([...at, 'commit', '--quiet', '-m', message], { environment });
  return true;
}
