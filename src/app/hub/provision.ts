import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { hasCode } from '../../base/error.ts';
import type { Git } from '../../git/git-process.ts';
import type { ObjectId } from '../../git/object-id.ts';
import { openRepository, resolveCommit } from '../../git/repository.ts';
import { openHub } from '../../ledger/git/hub.ts';
import { GitLedgerLayout } from '../../ledger/git/layout.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { TreePath } from '../../tree/path.ts';
import { sessionVariables } from '../../workspace/git/session-environment.ts';
import type { GitWorkspace, WorkspaceRecord } from '../../workspace/git/workspace-record.ts';
import { readProjectConf, unmadeDirectory } from '../../workspace/provision/locate-workspace.ts';
import { PortRegistry } from '../../workspace/provision/port-registry.ts';
import type { ProvisionRequest } from '../../workspace/provision/provision-request.ts';
import {
  applyProvisioning,
  cleanUpProvisioning,
  type ProvisionReport,
  planProvisioning,
} from '../../workspace/provision/provisioning.ts';
import type { HubSessions } from './hub-sessions.ts';

const lockWaitMsMax = 10_000;

/** The folder of a main workspace in which the project says what sessions get, whichever it has chosen for its sessions. */
export async function configurationFolder(git: Git, directory: string): Promise<TreePath> {
  try {
    return (await openHub(git, directory)).layout.configuration;
  } catch (error) {
    // Files can be taken from a directory that is no hub, too.
    if (!hasCode(error, 'ledger/no-hub') && !hasCode(error, 'ledger/no-main')) throw error;
    return new GitLedgerLayout().configuration;
  }
}

/** The commit that workspaces are made from: that of the hub's main, or of any other repository its newest one. */
export async function mainCommit(git: Git, directory: string): Promise<ObjectId> {
  try {
    const { repository, main } = await openHub(git, directory);
    return await resolveCommit(repository, main);
  } catch (error) {
    if (!hasCode(error, 'ledger/no-hub') && !hasCode(error, 'ledger/no-main')) throw error;
    return resolveCommit(await openRepository(git, directory), 'HEAD');
  }
}

/** Gives a workspace the untracked files of the main workspace, as the project says; undefined where there is none. */
export async function provisionWorkspace(
  sessions: HubSessions,
  { record, directory }: GitWorkspace,
): Promise<ProvisionReport | undefined> {
  if (!hasMainWorkspace(sessions)) return undefined;
  const { slug, branch } = record;
  return withRequest(sessions, { slug, branch, directory, owner: slug }, applyProvisioning);
}

/** Takes what was provisioned out again, and gives the session's ports back. */
export async function unprovisionWorkspace(
  sessions: HubSessions,
  { record, directory }: GitWorkspace,
): Promise<void> {
  const { slug, branch } = record;
  await withRequest(sessions, { slug, branch, directory, owner: slug }, cleanUpProvisioning);
}

/** Runs `work` while a directory with files of the session has what a workspace of it would have, ports of its own included. */
export async function provisionedMeanwhile<T>(
  sessions: HubSessions,
  slug: Slug,
  directory: string,
  work: () => Promise<T>,
): Promise<T> {
  if (!hasMainWorkspace(sessions)) return work();
  const target = { slug, branch: `session/${slug}`, directory, owner: `${slug}#verify` };
  return withRequest(sessions, target, async (request) => {
    await applyProvisioning(request);
    try {
      return await work();
    } finally {
      await cleanUpProvisioning(request);
    }
  });
}

/** What a workspace of a session would get that is made from main as it is now. Throws what would keep it from that. */
export async function planForNew(
  sessions: HubSessions,
  slug: Slug,
  kind: WorkspaceRecord['kind'],
): Promise<ProvisionReport> {
  const { hub, mainDirectory } = sessions;
  const commit = await resolveCommit(hub, sessions.ledger.hub.main);
  const directory = unmadeDirectory(mainDirectory, slug);
  const target = { slug, branch: `session/${slug}`, directory, owner: slug };
  return withRequest(sessions, target, (request) =>
    planProvisioning({ ...request, unmade: { commit, kind } }),
  );
}

/** Beside a bare hub nobody works. */
function hasMainWorkspace(sessions: HubSessions): boolean {
  return existsSync(join(sessions.mainDirectory, '.git'));
}

interface Target {
  readonly slug: Slug;
  readonly branch: string;
  readonly directory: string;
  readonly owner: string;
}

async function withRequest<T>(
  sessions: HubSessions,
  { slug, branch, directory, owner }: Target,
  work: (request: ProvisionRequest) => Promise<T>,
): Promise<T> {
  const { git, agent, clock, environment, state } = sessions.surroundings;
  const from = sessions.mainDirectory;
  const place = { directory, upstream: from };
  const ports = new PortRegistry(join(state, 'ports'));
  try {
    return await work({
      from,
      to: directory,
      ...readProjectConf(from, sessions.ledger.hub.layout.configuration, slug),
      facts: {
        slug,
        branch,
        user: agent,
        settings: {},
        environment: { ...environment, ...sessionVariables({ slug, branch, agent, place }) },
      },
      owner: `${from}#${owner}`,
      git,
      ports,
      clock,
      lock: { wait: (ms) => setTimeout(ms), waitMsMax: lockWaitMsMax },
    });
  } finally {
    ports.close();
  }
}
