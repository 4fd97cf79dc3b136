import { assert } from '../../base/error.ts';
import { nextState } from '../../session/life-cycle.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Agent } from '../../session/session.ts';
import type { FileName, TreePath } from '../../tree/path.ts';
import { type ClaimToken, isHeld, released, renewed } from './claim.ts';
import { refuseWhileHeld } from './claim-guard.ts';
import { GitLedgerError } from './git-ledger-error.ts';
import { folderOfState, planFile, type StateFolder } from './layout.ts';
import { claimOf, folderOf, type LedgerContext, ownClaim, subject } from './ledger-context.ts';
import {
  type ContentChange,
  type LedgerDraft,
  type SessionFolder,
  sessionFile,
  type TreeFileEdit,
} from './ledger-draft.ts';

/** An edit of a file in a session's folder. The path is from that folder, wherever the session is. */
export interface SessionFileEdit {
  readonly path: TreePath | FileName;
  readonly change: ContentChange;
}

/** What goes into the same commit as a move. */
export interface Alongside {
  readonly files?: readonly SessionFileEdit[];
  /** Files that are not in the session's folder, such as a new session that merges its knowledge. */
  readonly elsewhere?: readonly TreeFileEdit[];
}

/** The edit that makes a file what `content` is. */
export function fileEdit(path: TreePath | FileName, content: Uint8Array | string): SessionFileEdit {
  const bytes = Buffer.from(content);
  return { path, change: () => bytes };
}

export interface DraftRequest extends Alongside {
  readonly slug: Slug;
  readonly by: Agent;
}

/** The first of `names` that no session has, or else the last one. */
export async function freeName(draft: LedgerDraft, names: Iterable<Slug>): Promise<Slug> {
  let last: Slug | undefined;
  for (const slug of names) {
    if ((await draft.sessionFolder(slug)) === undefined) return slug;
    last = slug;
  }
  assert(last !== undefined, 'a session needs a name');
  return last;
}

/** Makes a session in `drafting/`. Throws `session/exists`. */
export async function draftSession(
  draft: LedgerDraft,
  context: LedgerContext,
  request: DraftRequest,
): Promise<void> {
  const { slug, by } = request;
  const existing = await draft.sessionFolder(slug);
  if (existing !== undefined) {
    throw new GitLedgerError(
      'session/exists',
      `There is a session ${slug} already, in ${existing.folder}/. Choose other words for this one.`,
    );
  }
  await draft.commit({
    by,
    message: subject(slug, 'session', 'draft'),
    edits: editsOf(context, 'drafting', slug, request),
  });
}

export interface MoveRequest extends Alongside {
  readonly slug: Slug;
  readonly by: Agent;
  readonly event: 'plan' | 'revise';
}

/** Moves a session that nobody has between `drafting/` and `planned/`. */
export async function movePlan(
  draft: LedgerDraft,
  context: LedgerContext,
  request: MoveRequest,
): Promise<void> {
  const { slug, by, event } = request;
  const session = await folderOf(draft, slug);
  const to = folderOfState(nextState(await draft.stateOf(session), event, slug));
  await commitMove(draft, context, {
    session,
    to,
    by,
    message: subject(slug, 'session', event),
    with: request,
  });
}

export interface AbandonRequest extends Alongside {
  readonly slug: Slug;
  readonly by: Agent;
  readonly reason: string;
  /** The claim of whoever abandons it; nobody else may while somebody works on it. */
  readonly token?: ClaimToken;
}

const abandonedFile = 'abandoned.md' as FileName;

/** Moves a session to `abandoned/`, with the reason in `abandoned.md` there. Throws `session/claim-held`, `ClaimLost`. */
export async function abandonSession(
  draft: LedgerDraft,
  context: LedgerContext,
  request: AbandonRequest,
): Promise<void> {
  const { slug, by, reason, token } = request;
  const session = await folderOf(draft, slug);
  const to = folderOfState(nextState(await draft.stateOf(session), 'abandon', slug));
  const claim = token === undefined ? claimOf(draft, slug) : ownClaim(draft, token);
  if (isHeld(claim)) {
    if (token === undefined) refuseWhileHeld(draft, context, claim, 'abandon it');
    await draft.setClaim(slug, released(context, claim));
  }
  const date = new Date(context.clock.now()).toISOString().slice(0, 10);
  const why: SessionFileEdit = {
    path: abandonedFile,
    change: (before) =>
      Buffer.from(`${before?.toString('utf8') ?? '# Abandoned\n'}\n${date}, ${by.name}: ${reason.trim()}\n`),
  };
  const alongside = { ...request, files: [why, ...(request.files ?? [])] };
  const message = `${subject(slug, 'session', 'abandon')}\n\n${reason.trim()}`;
  await commitMove(draft, context, { session, to, by, message, lock: 'drop', with: alongside });
}

export interface EditRequest extends Alongside {
  readonly slug: Slug;
  readonly by: Agent;
  /** The type and description of the commit: `docs: log`. */
  readonly message: string;
  /** Where it is given: the claim must be this one, and is renewed. */
  readonly token?: ClaimToken;
  /** `override`: also the plan of a session that is active or done, which is frozen. */
  readonly plan?: 'frozen' | 'override';
}

/** Edits files of a session. Throws `session/plan-frozen` and `ClaimLost`. */
export async function editSession(
  draft: LedgerDraft,
  context: LedgerContext,
  request: EditRequest,
): Promise<void> {
  const { slug, by, message, token, files = [], plan = 'frozen' } = request;
  const session = await folderOf(draft, slug);
  const isWritable = session.folder === 'drafting' || session.folder === 'planned';
  if (!isWritable && plan === 'frozen' && files.some(({ path }) => path === planFile)) {
    throw new GitLedgerError(
      'session/plan-frozen',
      `SESSION.md of ${slug} is what was planned, and stays so while the session is ${session.folder}. Write what has changed into worklog.md, active-plan.md or subsessions.md; in an emergency, override it.`,
    );
  }
  if (token !== undefined) await draft.setClaim(slug, renewed(context, ownClaim(draft, token)));
  await draft.commit({
    by,
    message: `[${slug}] ${message}`,
    edits: editsOf(context, session.folder, slug, request),
  });
}

interface Move {
  readonly session: SessionFolder;
  readonly to: StateFolder;
  readonly by: Agent;
  readonly message: string;
  readonly lock?: 'drop';
  readonly with: Alongside;
}

/** One commit: a session's folder moves, with what goes along. */
export async function commitMove(draft: LedgerDraft, context: LedgerContext, move: Move): Promise<void> {
  const { session, to, by, message } = move;
  const { slug, folder } = session;
  const lock = move.lock === 'drop' ? [draft.lockEdit(slug, undefined)] : [];
  const edits = [...lock, ...editsOf(context, to, slug, move.with)];
  await draft.commit({ by, message, move: { slug, from: folder, to }, edits });
}

export function editsOf(
  { hub }: LedgerContext,
  folder: StateFolder,
  slug: Slug,
  { files = [], elsewhere = [] }: Alongside,
): readonly TreeFileEdit[] {
  const inFolder = files.map(({ path, change }) => ({ path: sessionFile(hub, folder, slug, path), change }));
  return [...inFolder, ...elsewhere];
}
