import type { Git } from '../../git/git-process.ts';
import type { Agent } from '../../session/session.ts';
import type { Environment } from '../configuration.ts';

/**
 * Who works in a directory of a git repository: whom the environment names (`MICELIO_AGENT_NAME`, `GIT_AUTHOR_NAME`), or
 * else git's own `user.name` there, which in a workspace is its session's agent; or else `fallback`.
 */
export async function agentAt(
  git: Git,
  directory: string,
  environment: Environment,
  fallback: Agent,
): Promise<Agent> {
  // An empty variable counts as none.
  if (environment.MICELIO_AGENT_NAME || environment.GIT_AUTHOR_NAME) return fallback;
  const args = ['-C', directory, 'config', '--null', '--get-regexp', '^user\\.(name|email)$'];
  const { stdout } = await git.attempt(args, { effect: 'none' });
  const values = new Map(
    stdout
      .toString('utf8')
      .split('\0')
      .map((record) => [record.slice(0, record.indexOf('\n')), record.slice(record.indexOf('\n') + 1)]),
  );
  const name = values.get('user.name');
  return name === undefined || name === ''
    ? fallback
    : { name, email: values.get('user.email') ?? fallback.email };
}
