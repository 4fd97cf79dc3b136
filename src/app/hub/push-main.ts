import { GitError } from '../../git/git-error.ts';
import { pushBranch, readRemoteRefs, transferMsMax } from '../../git/remote.ts';
import type { Slug } from '../../session/plan/slug.ts';
import {
  type DeletedBranches,
  deleteFinished,
  finishedBranches,
  sentWork,
  sessionBranches,
} from './finished-branches.ts';
import type { HubSessions } from './hub-sessions.ts';
import { hubSetting } from './hub-settings.ts';

export type PushedMain =
  | {
      readonly outcome: 'pushed';
      readonly remote: string;
      /** The branch of the session at the remote, which nobody needed any more. */
      readonly finished: DeletedBranches;
    }
  /** In git's words. */
  | { readonly outcome: 'refused'; readonly remote: string; readonly words: string };

/**
 * Pushes the hub's main, with a session that is over, to where it comes from: the remote that the branch follows, or
 * `origin`; and deletes the session's branch there, where all its commits are kept. Where a remote decides who has a
 * session, it has main already.
 */
export async function pushMain(sessions: HubSessions, slug: Slug): Promise<PushedMain> {
  const { hub, ledger } = sessions;
  const { decider } = ledger;
  const name = decider.kind === 'remote' ? decider.name : await upstreamOf(sessions);
  if (decider.kind !== 'remote') {
    const remote = { repository: hub, name, answerMsMax: transferMsMax };
    const pushed = await pushBranch(remote, ledger.hub.main);
    if (pushed.outcome === 'failed') {
      return {
        outcome: 'refused',
        remote: name,
        words: pushed.error.failure?.stderr ?? pushed.error.message,
      };
    }
  }
  return { outcome: 'pushed', remote: name, finished: await deleteBranch(sessions, name, slug) };
}

async function upstreamOf({ hub, mainBranch }: HubSessions): Promise<string> {
  return (await hubSetting(hub, `branch.${mainBranch}.remote`)) || 'origin';
}

async function deleteBranch(sessions: HubSessions, name: string, slug: Slug): Promise<DeletedBranches> {
  const remote = { repository: sessions.hub, name };
  try {
    const there = await readRemoteRefs(remote, [
      `${sessionBranches}${slug}`,
      ...(sessions.ledger.decider.kind === 'remote' ? [`${sentWork}${slug}/` as const] : []),
    ]);
    const main = await sessions.main();
    return await deleteFinished(
      remote,
      await finishedBranches(sessions.hub, there, { over: new Set([slug]), main }),
    );
  } catch (error) {
    // Main is pushed, and that was asked for. The next "mic hub sync --sessions" looks again.
    if (!(error instanceof GitError)) throw error;
    return { deleted: [], refused: error.message };
  }
}
