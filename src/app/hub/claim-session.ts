import { hasCode } from '../../base/error.ts';
import { systemRandom } from '../../base/random.ts';
import { isOf } from '../../ledger/git/claim.ts';
import { ClaimLost } from '../../ledger/git/git-ledger-error.ts';
import { capabilitiesNeeded, capabilityList, hasCapabilities } from '../../session/plan/capabilities.ts';
import { ClaimOrder } from '../../session/plan/claim-order.ts';
import { planName } from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { FileName } from '../../tree/path.ts';
import { findGitWorkspace } from '../../workspace/git/workspace-record.ts';
import { ProvisionError } from '../../workspace/provision/provision-error.ts';
import { takeAlongEdits } from './checkout-edits.ts';
import { HubError } from './hub-error.ts';
import type { GitWorkspaceChoice, HubSessions, PlacedGitSession } from './hub-sessions.ts';

/** How a session is to be had that somebody may have already: `claim` does not take it from anybody. */
export type ClaimMode = 'claim' | 'take over when lapsed' | 'take over now';

/**
 * Makes a session this machine's. Also one that it has already is refused: another agent here may be at work on it. Throws
 * `ClaimLost`, `session/claim-held`, and `ledger/not-decided-here` before anything is looked for.
 */
export async function claimSession(sessions: HubSessions, slug: Slug, mode: ClaimMode): Promise<void> {
  sessions.ledger.requireDecider();
  const { state } = await sessions.ledger.session(slug);
  const isUnderWay = state === 'active' || state === 'conflicted';
  if (mode !== 'claim' && isUnderWay) {
    await sessions.takeOver(slug, mode === 'take over now' ? 'now' : 'when-lapsed');
    // Loaded here: few sessions are taken over.
    const { endLeftRunning } = await import('../agents/left-running.ts');
    await endLeftRunning(sessions.hub, slug);
    return;
  }
  await takeAlongEdits(sessions, slug);
  try {
    await sessions.claim(slug);
  } catch (error) {
    const { holder } = error instanceof ClaimLost ? error : {};
    if (holder === undefined || sessions.held.get(slug)?.token.id !== holder.id) throw error;
    const words = `this machine has it already, for ${holder.agent.name}. If that is you, go on with it: dir=$(mic session path ${slug}) && cd "$dir". Otherwise claim another one.`;
    throw new ClaimLost(slug, holder, words);
  }
}

/**
 * Whether whoever calls this in `directory` has the session already, and goes on with it: a shell that has sourced the
 * `.session-env` of this very claim, or the session's own agent in its workspace. Who is in neither may be another agent of the
 * same name. The claim is renewed. Throws `ClaimLost` where somebody has taken it over.
 */
export async function goOnWith(sessions: HubSessions, slug: Slug, directory: string): Promise<boolean> {
  const token = sessions.tokenOf(slug);
  if (token === undefined) return false;
  const { claim } = await sessions.ledger.session(slug);
  if (!isOf(claim, token)) return false;
  if (!sessions.isShellOf(token)) {
    const here = await findGitWorkspace(sessions.surroundings.git, directory);
    if (here?.record.slug !== slug || !sessions.isOwn(claim)) return false;
  }
  await sessions.ledger.renew(token);
  return true;
}

/**
 * Claims the planned session of the oldest day, and within a day by name, that needs no more than `capabilities`; where somebody else is faster, one of the next.
 * Throws `session/none-to-claim`, and `ledger/not-decided-here` where there never will be any.
 * One that `requireProvisionable` refuses stays planned, and its refusal is thrown where no other can be claimed.
 */
export async function claimAny(
  sessions: HubSessions,
  capabilities: readonly string[],
  requireProvisionable: (slug: Slug) => Promise<void>,
): Promise<Slug> {
  // Nothing planned is no reason to wait for something, where it cannot be claimed either.
  sessions.ledger.requireDecider();
  const given = capabilityList(capabilities.join(','));
  let refusal: ProvisionError | undefined;
  const order = new ClaimOrder(await claimable(sessions, given), systemRandom);
  for (let slug = order.next(); slug !== undefined; slug = order.next()) {
    try {
      await requireProvisionable(slug);
      await claimSession(sessions, slug, 'claim');
      return slug;
    } catch (error) {
      if (error instanceof ProvisionError) {
        refusal ??= error;
        continue;
      }
      // Claimed, moved back or abandoned meanwhile.
      const isGone = ['session/claim-lost', 'session/forbidden-move', 'session/not-found'] as const;
      if (!isGone.some((code) => hasCode(error, code))) throw error;
      order.stepAside();
    }
  }
  if (refusal !== undefined) throw refusal;
  const matching =
    given.length === 0 ? 'that needs no capabilities' : `that ${given.join(', ')} are enough for`;
  throw new HubError(
    'session/none-to-claim',
    `No session is planned ${matching}. "mic session list --state=planned" shows those there are; "mic session draft" makes one.`,
  );
}

/** The planned sessions that `given` is enough for, the oldest day first, and within a day by name. */
async function claimable(sessions: HubSessions, given: readonly string[]): Promise<Slug[]> {
  const planned = (await sessions.ledger.list(['planned'])).map(({ slug }) => slug);
  const plans = await sessions.ledger.files(planned, planName as FileName);
  return planned
    .filter((slug) => hasCapabilities(given, capabilitiesNeeded(plans.get(slug)?.toString('utf8') ?? '')))
    .sort((a, b) => (byDate(a) < byDate(b) ? -1 : 1));
}

/** The names in a list with commas. */
export function wordsIn(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function byDate(slug: Slug): string {
  return slug.replace(/^kb-/, '');
}

/** The session's workspace, made where it is missing. What fails is said together with how to go on. */
export async function placeClaimed(
  sessions: HubSessions,
  slug: Slug,
  choice: GitWorkspaceChoice,
): Promise<PlacedGitSession> {
  try {
    return await sessions.place(slug, choice);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const made = await sessions.workspaceOf(slug);
    const what =
      made === undefined
        ? 'but has no workspace'
        : `and has the workspace ${made.directory}, which is not complete`;
    throw new HubError(
      'session/not-placed',
      `Session ${slug} is yours, ${what}: ${why}\nSee to that, then: mic session path ${slug}. Or give it back: mic session release ${slug}`,
      { cause },
    );
  }
}
