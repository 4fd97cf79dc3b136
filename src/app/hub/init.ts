import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Git } from '../../git/git-process.ts';
import { readRef } from '../../git/refs.ts';
import type { LedgerNote } from '../../ledger/git/authority.ts';
import { type Decider, remotesOf } from '../../ledger/git/decider.ts';
import { GitLedgerError } from '../../ledger/git/git-ledger-error.ts';
import { type Hub, openHub } from '../../ledger/git/hub.ts';
import { HubReader } from '../../ledger/git/hub-reader.ts';
import { type LayOutPlace, layOut, previewLayOut } from '../../ledger/git/init/lay-out.ts';
import type { LayOutPlan } from '../../ledger/git/init/plan-lay-out.ts';
import { tryClaims } from '../../ledger/git/init/try-claims.ts';
import { laidOutRoots, useRoot } from '../../ledger/git/laid-out.ts';
import { GitLedgerLayout, isRoot } from '../../ledger/git/layout.ts';
import { LocalAuthority } from '../../ledger/git/local-authority.ts';
import { RemoteAuthority } from '../../ledger/git/remote-authority.ts';
import type { Agent } from '../../session/session.ts';
import { hubSetting, rememberSetting } from './hub-settings.ts';
import { type AnotherDecider, type AuthorityWish, planAuthority } from './init-authority.ts';
import { requireMain, requireNewest, requirePushed, requireRoom } from './init-checks.ts';
import { packagedSkeleton } from './skeleton.ts';

export interface InitSurroundings {
  readonly git: Git;
  /** Who makes the commit. */
  readonly agent: Agent;
  readonly clock: Clock;
  readonly random: Random;
}

export interface InitRequest {
  /** The folder for the agents' own things, where it is not `_AGENTS`. */
  readonly root: string | undefined;
  /** Who is to decide; undefined: as the settings have it, and where there are none the repository itself. */
  readonly authority: AuthorityWish | undefined;
  /** What is done where the settings name another repository, and `authority` names someone else. */
  readonly another: AnotherDecider;
  readonly mode: 'apply' | 'dry-run';
}

export interface InitReport extends LayOutPlan {
  readonly layout: GitLedgerLayout;
  /** Without `refs/heads/`. */
  readonly branch: string;
  /** Who decides now. */
  readonly decider: Decider;
  /** The remotes of the repository. */
  readonly remotes: readonly string[];
  /** The remote that the commit was pushed to, or would be. */
  readonly via: string | undefined;
  /** Undefined where main is as it should be, and in a dry run. */
  readonly commit: string | undefined;
  readonly notes: readonly LedgerNote[];
}

/**
 * Makes the repository that `directory` lies in one that has sessions: a commit on main, made without index and working
 * tree, and settings of the hub. Done again it changes nothing, but who decides where another one is named. Throws as
 * `openHub`, `planAuthority` and `layOut` do, `ledger/unsuitable` where the remote cannot decide, and `ledger/not-together` where main is not what the remote has.
 */
export async function initHub(
  directory: string,
  { git, agent: by, clock, random }: InitSurroundings,
  request: InitRequest,
): Promise<InitReport> {
  const hub = await withRoot(await openHub(git, directory), request.root);
  await requireMain(hub);
  const reader = await HubReader.open(hub.repository);
  try {
    const own = await readRef(hub.repository, hub.main);
    const { authority: wish, another, mode } = request;
    const surroundings = { hub, reader, clock, random };
    const chosen = await planAuthority(surroundings, { wish, another, own, mode });
    const { via, base, decider, from, to } = chosen;
    const wanted = { skeleton: packagedSkeleton(), authority: { from, to }, by, clock };
    // Also before anything is done: what is in the way is found out first.
    const plan = await previewLayOut({ hub, reader }, wanted, base);
    const isDone = plan.steps.every(({ action }) => action === 'keep');
    if (via === undefined) await requireNewest(hub, reader, own);
    else if (!isDone) await requirePushed(hub, via, own, base);
    if (!isDone) await requireRoom(hub);
    const branch = hub.main.replace('refs/heads/', '');
    const remotes = await remotesOf(hub.repository);
    const report = { ...plan, layout: hub.layout, branch, decider, remotes, via };
    if (mode === 'dry-run') return { ...report, commit: undefined, notes: [] };
    const authority =
      via === undefined
        ? new LocalAuthority(hub)
        : new RemoteAuthority(hub, via, { reader, clock, patience: 'usual' });
    const place: LayOutPlace = { hub, authority, reader };
    if (wish?.kind === 'remote') await tryClaims(place, random);
    const laidOut = await layOut(place, wanted);
    await rememberSettings(hub);
    return { ...report, ...laidOut };
  } finally {
    await reader.close();
  }
}

/** The hub, with the folder that was asked for. Throws `ledger/settings-invalid` and `ledger/in-use`. */
async function withRoot(hub: Hub, text: string | undefined): Promise<Hub> {
  const root = text?.replace(/\/+$/, '');
  if (root === undefined || root === hub.layout.root) return hub;
  // What stands in git's configuration is text, and a path is bytes: in these characters both are the same.
  if (!isRoot(root) || !/^[\w./ -]+$/.test(root)) {
    throw new GitLedgerError(
      'ledger/settings-invalid',
      `"${root}" cannot be the folder of the agents. Give a path inside of the repository in plain letters, such as _AGENTS or tools/agents.`,
    );
  }
  const known = await hubSetting(hub.repository, 'micelio.root');
  if (known === undefined) return { ...hub, layout: new GitLedgerLayout(root) };
  const roots = await laidOutRoots(hub.repository, await readRef(hub.repository, hub.main));
  const next = roots.includes(root)
    ? `Main has sessions in ${root}/ as well: to use those, ${useRoot(hub, root)}`
    : 'To have another one, move the folder on main and change that setting, in each hub.';
  throw new GitLedgerError(
    'ledger/in-use',
    `The folder of the agents is ${known} in this repository (git config micelio.root), and not ${root}. Nothing was changed. ${next}`,
  );
}

/** What the hub has to know when somebody checks out another branch in it. */
async function rememberSettings({ repository, main, layout }: Hub): Promise<void> {
  await rememberSetting(repository, 'micelio.main', main.replace('refs/heads/', ''));
  const isUsual = layout.root === new GitLedgerLayout().root;
  if (!isUsual) await rememberSetting(repository, 'micelio.root', layout.root);
}
