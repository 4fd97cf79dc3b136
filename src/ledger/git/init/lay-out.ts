import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../base/clock.ts';
import { hasCode } from '../../../base/error.ts';
import { encodeCommit } from '../../../git/commit-object.ts';
import type { ObjectId } from '../../../git/object-id.ts';
import type { RefState } from '../../../git/refs.ts';
import { StagedObjects } from '../../../git/staged-objects.ts';
import type { Agent } from '../../../session/session.ts';
import type { Authority, LedgerNote } from '../authority.ts';
import { GitLedgerError } from '../git-ledger-error.ts';
import type { Hub } from '../hub.ts';
import type { HubReader } from '../hub-reader.ts';
import { requireOnlyLayout } from '../laid-out.ts';
import { MainTree } from './main-tree.ts';
import { ignoreFile, type LayOutPlan, type LayOutPlanRequest, planLayOut } from './plan-lay-out.ts';

export interface LayOutRequest extends Omit<LayOutPlanRequest, 'layout' | 'uncommittedIgnore'> {
  readonly by: Agent;
  readonly clock: Clock;
}

export interface LayOutPlace {
  readonly hub: Hub;
  readonly authority: Authority;
  readonly reader: HubReader;
}

export interface LaidOut extends LayOutPlan {
  /** The commit that does it; undefined where there was nothing to do. */
  readonly commit: ObjectId | undefined;
  readonly notes: readonly LedgerNote[];
}

/** How often others may be faster. */
const attemptsMax = 40;
/** Between two attempts, in ms. */
const pauseMs = 25;

/** Says what `layOut` would do to main as it is at `commit`. Throws as that does. */
export async function previewLayOut(
  { hub, reader }: Pick<LayOutPlace, 'hub' | 'reader'>,
  request: LayOutRequest,
  commit: RefState,
): Promise<LayOutPlan> {
  const objects = new StagedObjects(hub.repository, reader.current);
  const tree = await MainTree.of(hub.repository, objects, commit);
  await requireOnlyLayout(hub, commit);
  return planLayOut(tree, await planRequest(hub, request));
}

/**
 * Gives main what it needs to have sessions, in one commit; the first one where main has none yet. Of several who do it
 * at once one makes the commit. Throws as `requireOnlyLayout` and `planLayOut` do, and `ledger/refused`, `ledger/busy`, `ledger/unreachable`.
 */
export async function layOut(
  { hub, authority, reader }: LayOutPlace,
  request: LayOutRequest,
): Promise<LaidOut> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const main = await mainOf(authority);
    const objects = new StagedObjects(hub.repository, reader.current);
    const tree = await MainTree.of(hub.repository, objects, main);
    await requireOnlyLayout(hub, main);
    const plan = await planLayOut(tree, await planRequest(hub, request));
    const changes = plan.steps.filter((step) => step.action !== 'keep');
    if (changes.length === 0) return { ...plan, commit: undefined, notes: await authority.catchUp() };
    for (const { path, mode, content } of changes) tree.set(path, mode, await objects.add('blob', content));
    const person = { ...request.by, ms: request.clock.now(), offsetMinutes: 0 };
    const message = `chore: lay out sessions of agents in ${hub.layout.root}/`;
    const parents = main === 'absent' ? [] : [main];
    const content = { tree: await tree.write(), parents, author: person, committer: person, message };
    const commit = await objects.add('commit', encodeCommit(content));
    await objects.flush();
    const result = await authority.move([{ ref: hub.main, expected: main, next: commit }], {
      reason: 'lay out sessions',
      hooks: 'skip',
    });
    if (result.outcome === 'moved') return { ...plan, commit, notes: result.notes };
    if (result.outcome === 'refused') throw refused(hub, authority, result.words);
    await sleep(pauseMs);
  }
  throw new GitLedgerError(
    'ledger/busy',
    `Others have changed ${hub.main} of ${authority.name} faster ${attemptsMax} times. Nothing was changed; try again.`,
  );
}

/** Where main is, in the repository that decides. */
async function mainOf(authority: Authority): Promise<RefState> {
  try {
    return (await authority.look()).main;
  } catch (error) {
    if (hasCode(error, 'ledger/not-initialised')) return 'absent';
    throw error;
  }
}

async function planRequest(hub: Hub, request: LayOutRequest): Promise<LayOutPlanRequest> {
  for (const { directory } of await hub.checkouts()) {
    const text = await readFile(join(directory, ignoreFile), 'utf8').catch(() => undefined);
    if (text !== undefined) return { ...request, layout: hub.layout, uncommittedIgnore: text };
  }
  return { ...request, layout: hub.layout, uncommittedIgnore: undefined };
}

function refused(hub: Hub, authority: Authority, words: string): GitLedgerError {
  return new GitLedgerError(
    'ledger/refused',
    `${authority.name} refused the commit on ${hub.main}, and nothing has changed. Where a hook or a protected branch says no, have it allow pushes to ${hub.main}. Git says: ${words}`,
  );
}
