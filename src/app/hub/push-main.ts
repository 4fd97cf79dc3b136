import { withoutCredentials } from '../../git/redaction.ts';
import { gitArguments } from '../../git/repository.ts';
import type { HubSessions } from './hub-sessions.ts';

export type PushedMain =
  | { readonly outcome: 'pushed'; readonly remote: string }
  /** In git's words. */
  | { readonly outcome: 'refused'; readonly remote: string; readonly words: string };

/**
 * Pushes the hub's main to where it comes from: the remote that the branch follows, or `origin`. Where a remote decides who
 * has a session, it has main already.
 */
export async function pushMain(sessions: HubSessions): Promise<PushedMain> {
  const { hub, ledger, mainBranch } = sessions;
  if (ledger.settings.authority !== undefined)
    return { outcome: 'pushed', remote: ledger.settings.authority };
  const setting = ['config', '--get', `branch.${mainBranch}.remote`];
  const { stdout } = await hub.git.attempt(gitArguments(hub, setting));
  const remote = stdout.toString('utf8').trim() || 'origin';
  const args = gitArguments(hub, ['push', '--quiet', remote, `${ledger.hub.main}:${ledger.hub.main}`]);
  const { exitCode, stderr } = await hub.git.attempt(args);
  return exitCode === 0
    ? { outcome: 'pushed', remote }
    : { outcome: 'refused', remote, words: withoutCredentials(stderr) };
}
