import { hasCode } from '../../base/error.ts';
import { hashOf } from '../../base/hash.ts';
import { gitArguments } from '../../git/repository.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Agent } from '../../session/session.ts';
import { type Claim, type HeldClaim, isHeld, released, rewritten, taken } from './claim.ts';
import { planFile, type StateFolder } from './layout.ts';
import { type LedgerContext, subject } from './ledger-context.ts';
import {
  type LedgerDraft,
  type SessionFolder,
  sessionFile,
  sessionFileBytesMax,
  type TreeFileEdit,
} from './ledger-draft.ts';

/**
 * Brings claims and their records together, whatever a killed process or a person has left:
 *
 *   claim  folder             lock line   what is done
 *   ─────  ─────────────────  ──────────  ──────────────────────────────────────────────────────────────
 *   held   planned            any         recorded: the folder moves to active, and the line is put right
 *   held   active             wrong       the line is put right
 *   held   completed, none    any         the claim goes: somebody has finished the session by hand
 *   held   drafting,abandoned any         the claim is given back: somebody has moved the session by hand
 *   none   planned, active    there       the line was written by hand and counts: it gets a claim
 *   none   all else           there       the line goes
 */
export async function mend(draft: LedgerDraft, context: LedgerContext): Promise<void> {
  const lock = await draft.lock();
  for (const [slug, { claim }] of draft.claims) {
    if (isHeld(claim)) await mendOne(draft, () => mendHeld(draft, context, slug, claim, lock.get(slug)));
  }
  for (const [slug, seconds] of lock) {
    const known = draft.claims.get(slug);
    const isUnreadable = known !== undefined && known.blob !== 'absent' && known.claim === undefined;
    if (isUnreadable || isHeld(known?.claim)) continue;
    await mendOne(draft, () => mendLine(draft, context, slug, seconds, known?.claim));
  }
}

/** A claim whose agent cannot sign a commit was made by hand. It stays as it is, and concerns its own session alone. */
async function mendOne(draft: LedgerDraft, work: () => Promise<void>): Promise<void> {
  try {
    await draft.attempt(work);
  } catch (error) {
    if (!hasCode(error, 'git/signature-invalid')) throw error;
  }
}

/**
 * Whether `sessions.lock` has a claim of one of `slugs` that only its line says. It has to get its ref before anybody
 * else's is decided.
 */
export async function hasClaimByHand(draft: LedgerDraft, slugs: readonly Slug[]): Promise<boolean> {
  const lock = await draft.lock();
  return slugs.some((slug) => lock.has(slug) && !isHeld(draft.claims.get(slug)?.claim));
}

async function mendHeld(
  draft: LedgerDraft,
  context: LedgerContext,
  slug: Slug,
  claim: HeldClaim,
  seconds: number | undefined,
): Promise<void> {
  const session = await draft.sessionFolder(slug);
  switch (session?.folder) {
    case 'planned':
    case 'active':
      if (isRecorded(session, seconds, claim)) return;
      // Written anew, so that it holds only if the claim is still this one when main moves.
      await draft.setClaim(slug, rewritten(context, claim));
      return recordClaim(draft, context, claim, session, 'claim');
    case 'drafting':
    case 'abandoned':
      return draft.setClaim(slug, released(context, claim));
    case 'completed':
    case undefined:
      return draft.setClaim(slug, 'absent');
  }
}

/** Whether main says of a claim what it should: `seconds` are those of its line in the lock. */
export function isRecorded(
  session: SessionFolder | undefined,
  seconds: number | undefined,
  claim: HeldClaim,
): boolean {
  return session?.folder === 'active' && seconds === lockSeconds(claim);
}

async function mendLine(
  draft: LedgerDraft,
  context: LedgerContext,
  slug: Slug,
  seconds: number,
  previous: Claim | undefined,
): Promise<void> {
  const session = await draft.sessionFolder(slug);
  const by = await authorOfLine(draft, context, slug);
  if (session?.folder !== 'planned' && session?.folder !== 'active') {
    const edits = [draft.lockEdit(slug, undefined)];
    return draft.commit({ by, message: subject(slug, 'session', 'drop a claim of long ago'), edits });
  }
  const plan = await planHash(draft, context, session);
  const taking = { slug, agent: by, leaseMs: context.leaseMs, plan };
  const claim = {
    ...taken(context, taking, previous),
    machine: 'claimed by hand',
    claimedMs: seconds * 1000,
  };
  await draft.setClaim(slug, claim);
  draft.expectMain();
  await recordClaim(draft, context, claim, session, 'claim');
}

/** Who wrote the line of `slug` in the lock. */
async function authorOfLine(draft: LedgerDraft, { hub }: LedgerContext, slug: Slug): Promise<Agent> {
  const command = ['log', '-1', '--format=%an%x00%ae', `-S${slug}:`, draft.refs.main, '--', hub.layout.lock];
  const output = await hub.repository.git.run(gitArguments(hub.repository, command));
  const [name = '', email = ''] = output.toString('utf8').trim().split('\0');
  return { name: name === '' ? 'unknown' : name, email };
}

/** Records a claim on main: the session is active, and has its line in the lock and the files of the claim. */
export async function recordClaim(
  draft: LedgerDraft,
  context: LedgerContext,
  claim: HeldClaim,
  { slug, folder }: SessionFolder,
  what: 'claim' | 'take over' | 'reopen',
  edits: readonly TreeFileEdit[] = [],
): Promise<void> {
  const files = Array.from(context.filesOfClaim(claim), ([name, content]) => ({
    path: sessionFile(context.hub, 'active', slug, name),
    change: () => content,
  }));
  await draft.commit({
    by: claim.agent,
    message: subject(slug, 'session', `${what} by ${claim.agent.name}`),
    move: { slug, from: folder, to: 'active' as StateFolder },
    edits: [draft.lockEdit(slug, lockSeconds(claim)), ...files, ...edits],
  });
}

/** The SHA-256 of a session's plan; null where it has none. */
export async function planHash(
  draft: LedgerDraft,
  { hub }: LedgerContext,
  { slug, folder }: SessionFolder,
): Promise<ReturnType<typeof hashOf> | null> {
  const path = sessionFile(hub, folder, slug, planFile);
  const bytes = await draft.readFile(path, sessionFileBytesMax);
  return bytes === undefined ? null : hashOf(bytes);
}

function lockSeconds({ claimedMs }: Claim): number {
  return Math.floor(claimedMs / 1000);
}
