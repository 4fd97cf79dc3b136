import { hostname } from 'node:os';
import { hasCode } from '../../base/error.ts';
import { GitError } from '../../git/git-error.ts';
import type { Git } from '../../git/git-process.ts';
import type { Remote } from '../../git/remote.ts';
import { exposedCredentials, urlsOf } from '../../git/remote-url.ts';
import { GitLedger, type Reads } from '../../ledger/git/git-ledger.ts';
import { type Hub, openHub } from '../../ledger/git/hub.ts';
import { CloudError } from './cloud-error.ts';

/** A hub with the remote that it is brought together with. To be closed. */
export interface Cloud {
  readonly hub: Hub;
  readonly remote: Remote;
  /** Undefined where the hub has no main yet. */
  readonly ledger: GitLedger | undefined;
  /** Whose refs decide: the hub's own, those of this remote, or those of another one. */
  readonly authority: 'hub' | 'remote' | 'elsewhere';
  close(): Promise<void>;
}

/**
 * Opens the hub of `directory` with its remote `name`: left out, the one that decides for the hub, or `origin`. Throws
 * `hub/no-remote`, and as `openHub` does.
 */
export async function openCloud(
  git: Git,
  directory: string,
  { name, reads }: { readonly name: string | undefined; readonly reads: Reads },
): Promise<Cloud> {
  const ledger = await openLedger(git, directory, reads);
  try {
    const hub = ledger?.hub ?? (await openHub(git, directory));
    const { decider } = ledger ?? {};
    const decides = decider?.kind === 'remote' ? decider.name : undefined;
    const remote = { repository: hub.repository, name: name ?? decides ?? 'origin' };
    if ((await urlsOf(remote)).length === 0) throw noRemote(remote);
    const authority = decides === undefined ? 'hub' : decides === remote.name ? 'remote' : 'elsewhere';
    return { hub, remote, ledger, authority, close: async () => ledger?.close() };
  } catch (error) {
    await ledger?.close();
    throw error;
  }
}

async function openLedger(git: Git, directory: string, reads: Reads): Promise<GitLedger | undefined> {
  try {
    return await GitLedger.open(git, directory, { machine: hostname(), reads });
  } catch (error) {
    // A hub that is to get all from its remote.
    if (hasCode(error, 'ledger/not-initialised')) return undefined;
    throw error;
  }
}

function noRemote({ repository, name }: Remote): CloudError {
  return new CloudError(
    'hub/no-remote',
    `The hub ${repository.gitDirectory} has no remote "${name}". Name another one with --remote, or add it: git -C ${repository.gitDirectory} remote add ${name} URL`,
  );
}

/** Throws `hub/credentials-exposed` where the repository's configuration has a password or token of `remote` in it. */
export async function refuseExposedCredentials(remote: Remote): Promise<void> {
  const exposed = await exposedCredentials(remote);
  if (exposed.length === 0) return;
  throw new CloudError(
    'hub/credentials-exposed',
    `The configuration of ${remote.repository.gitDirectory} has a password or token in it (${exposed.join(', ')}), where everybody who reads it or sees the command line of git finds it. Give it to a credential helper instead: set one up ("git config --global credential.helper store", or better one that encrypts), take the credentials out ("git remote set-url ${remote.name} URL" with a URL that has none, "git config --unset-all NAME" for a header), and run "git fetch ${remote.name}" once to enter them. Where nobody can enter them, have GIT_ASKPASS name a program that prints them. And since it may have been seen, replace the token.`,
  );
}

/** An error of talking to a remote, for who asked for a sync. */
export function unreachable({ name }: Remote, cause: unknown): unknown {
  const isUnknown = hasCode(cause, 'git/failed') || hasCode(cause, 'git/unreachable');
  if (!(cause instanceof GitError) || !isUnknown) return cause;
  return new CloudError(
    'hub/unreachable',
    `The remote "${name}" cannot be reached, or the connection broke. Run it again when "git ls-remote ${name}" works in the hub: it goes on from where things are then. What is done in the hub meanwhile stays there, and comes along. Git says: ${cause.failure?.stderr ?? cause.message}`,
    { cause },
  );
}
