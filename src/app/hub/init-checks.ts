import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectId } from '../../git/object-id.ts';
import { type RefState, readRefs } from '../../git/refs.ts';
import { fetchObjects, type Remote, readRemoteRefs } from '../../git/remote.ts';
import { gitArguments } from '../../git/repository.ts';
import { StagedObjects } from '../../git/staged-objects.ts';
import { isHeld } from '../../ledger/git/claim.ts';
import { GitLedgerError } from '../../ledger/git/git-ledger-error.ts';
import type { Hub } from '../../ledger/git/hub.ts';
import type { HubReader } from '../../ledger/git/hub-reader.ts';
import { MainTree } from '../../ledger/git/init/main-tree.ts';
import { readClaims } from '../../ledger/git/ledger-draft.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { ancestorsOf } from '../../tree/path.ts';
import { hubSetting } from './hub-settings.ts';

/**
 * Throws `ledger/no-main` where the hub is on a branch that is hardly its main one: sessions would be laid out where
 * nobody looks for them.
 */
export async function requireMain({ repository, main }: Hub): Promise<void> {
  if ((await hubSetting(repository, 'micelio.main')) !== undefined) return;
  const args = gitArguments(repository, ['symbolic-ref', '--quiet', 'refs/remotes/origin/HEAD']);
  const ofOrigin = (await repository.git.attempt(args)).stdout.toString('utf8').trim();
  const heads = await readRefs(repository, ['refs/heads/main', 'refs/heads/master']);
  const usual =
    ofOrigin === '' ? [...heads.keys()] : [ofOrigin.replace('refs/remotes/origin/', 'refs/heads/')];
  if (usual.length === 0 || usual.some((ref) => ref === main)) return;
  const [current, other] = [main, usual[0]!].map((ref) => ref.replace('refs/heads/', ''));
  throw new GitLedgerError(
    'ledger/no-main',
    `The repository is on ${current}, and sessions belong on its main branch, which seems to be ${other}. Say which one it is: git config micelio.main ${other}. Nothing was changed.`,
  );
}

/** Where main is at a remote, with its objects here. Moves no ref. Throws `ledger/unsuitable`, `ledger/unreachable`. */
export async function mainOfRemote(
  { repository, main }: Hub,
  remote: Remote,
  reader: HubReader,
): Promise<RefState> {
  const { name } = remote;
  if ((await hubSetting(repository, `remote.${name}.url`)) === undefined) {
    throw new GitLedgerError(
      'ledger/unsuitable',
      `The repository has no remote "${name}". Add it (git remote add ${name} URL), or name one that "git remote" lists. Nothing was changed.`,
    );
  }
  try {
    const found = (await readRemoteRefs(remote, [main])).get(main) ?? 'absent';
    const isHere = found === 'absent' || (await reader.current.typeOf(found)) !== undefined;
    if (!isHere) await fetchObjects(remote, [main]);
    return found;
  } catch (cause) {
    throw new GitLedgerError(
      'ledger/unreachable',
      `The remote "${name}" cannot be reached, and nothing was changed. See that "git ls-remote ${name}" works here, then do it again. ${cause instanceof Error ? cause.message : ''}`,
      { cause },
    );
  }
}

/** Throws `ledger/not-together` where the hub's main has commits that the remote's has not: they are not ours to push. */
export async function requirePushed(
  { repository, main }: Hub,
  name: string,
  own: RefState,
  theirs: RefState,
): Promise<void> {
  if (own === 'absent' || own === theirs) return;
  if (theirs !== 'absent') {
    const args = gitArguments(repository, ['merge-base', '--is-ancestor', own, theirs]);
    if ((await repository.git.attempt(args)).exitCode === 0) return;
  }
  const branch = main.replace('refs/heads/', '');
  throw new GitLedgerError(
    'ledger/not-together',
    `Your ${branch} has commits that "${name}" has not. Bring both together first ("git pull ${name} ${branch}", "git push ${name} ${branch}"), then do it again. Nothing was changed.`,
  );
}

/** Throws `ledger/not-together` where a remote is known to have sessions that the hub's main has not got yet. */
export async function requireNewest(hub: Hub, reader: HubReader, own: RefState): Promise<void> {
  const { repository, main, layout } = hub;
  if (await hasSessions(hub, reader, own)) return;
  const branch = main.replace('refs/heads/', '');
  for (const [ref, commit] of await readRefs(repository, [`refs/remotes/*/${branch}`])) {
    if (!(await hasSessions(hub, reader, commit))) continue;
    const remote = ref.slice('refs/remotes/'.length, -branch.length - 1);
    throw new GitLedgerError(
      'ledger/not-together',
      `"${remote}" has ${layout.sessions}/ already, and your ${branch} has not. Bring it here ("git pull ${remote} ${branch}"), then do it again. Nothing was changed.`,
    );
  }
}

async function hasSessions(
  { repository, layout }: Hub,
  reader: HubReader,
  commit: RefState,
): Promise<boolean> {
  const objects = new StagedObjects(repository, reader.current);
  const tree = await MainTree.of(repository, objects, commit);
  return tree.hasDirectory(layout.sessions);
}

/** Throws `ledger/in-the-way` where a checkout of main, which is to follow, has something else in place of the folder. */
export async function requireRoom({ layout, checkouts }: Hub): Promise<void> {
  const folders = [...ancestorsOf(layout.sessions), layout.sessions];
  for (const { directory } of await checkouts()) {
    for (const folder of folders) {
      const path = join(directory, folder);
      const stats = await lstat(path).catch(() => undefined);
      if (stats === undefined || stats.isDirectory()) continue;
      throw new GitLedgerError(
        'ledger/in-the-way',
        `"${path}" is no directory, and main is about to have one there. Nothing was changed. Move it elsewhere; or choose another folder for the agents with --root.`,
      );
    }
  }
}

/** Throws `ledger/in-use` where somebody has a session by one of `claims`: who decides from now on would not know. */
export async function requireNoClaims(
  { repository }: Hub,
  reader: HubReader,
  claims: ReadonlyMap<Slug, ObjectId>,
): Promise<void> {
  const objects = new StagedObjects(repository, reader.current);
  const held: string[] = [];
  for (const [slug, { claim }] of await readClaims(objects, claims))
    if (isHeld(claim)) held.push(`${slug} (${claim.agent.name})`);
  if (held.length === 0) return;
  throw new GitLedgerError(
    'ledger/in-use',
    `Sessions are claimed by who decides now: ${held.join(', ')}. Complete or release them before another one decides. Nothing was changed.`,
  );
}
