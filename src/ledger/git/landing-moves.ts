import { GitTreeEdit } from '../../git/git-tree-edit.ts';
import { mergeApart } from '../../git/merge-apart.ts';
import type { ObjectId } from '../../git/object-id.ts';
import { nextState } from '../../session/life-cycle.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { FileName, TreePath } from '../../tree/path.ts';
import { attended, type HeldClaim, renewed } from './claim.ts';
import type { HolderRequest } from './claim-moves.ts';
import { conflictFile } from './layout.ts';
import { folderOf, type LedgerContext, ownClaim, subject } from './ledger-context.ts';
import { type LedgerDraft, sessionFile } from './ledger-draft.ts';
import { commitMove, editSession, fileEdit, type SessionFileEdit } from './session-moves.ts';

/** A commit that carries a session's changes onto main. The hub has it. */
export interface CodeCommit {
  readonly commit: ObjectId;
  /** Its only parent: what main was when it was made. */
  readonly onto: ObjectId;
  /**
   * What else may have come to main since, for the same change to be put on top of it: moves of sessions, or changes of any
   * files that it does not touch. Where a check was run on the commit, only the former leave it true.
   */
  readonly beside: 'sessions' | 'other files';
}

/** Main has changed since the code commit was made by more than that may lie beside: merge again, onto `main`. */
export interface MainMoved {
  readonly outcome: 'main-moved';
  readonly main: ObjectId;
}

export interface Landed {
  readonly outcome: 'landed';
  /** The commit that carries the changes: the one given, or the same change on top of what it lies beside. */
  readonly code: ObjectId | undefined;
}

/** A change of the plan that was frozen with the claim: a commit of its own, behind the code. */
export interface OverrideCommit {
  /** Without what names the session. */
  readonly message: string;
  readonly files: readonly SessionFileEdit[];
}

/** Files of a session as they were looked at: where one has changed since, main counts as moved. */
export interface SeenFiles {
  /** What main was then. */
  readonly main: ObjectId;
  /** Their paths in the session's folder. */
  readonly paths: readonly (TreePath | FileName)[];
}

/** What comes to main of a session. */
export interface LandingParts {
  /** The session's changes; left out where there are none, or all have landed. */
  readonly code?: CodeCommit;
  readonly override?: OverrideCommit;
  readonly seen?: SeenFiles;
}

export interface LandRequest extends LandingParts {
  readonly token: HolderRequest['token'];
}

/** Puts a session's changes on main while the session goes on, and renews its claim. Throws `ClaimLost`. */
export async function landCode(
  draft: LedgerDraft,
  context: LedgerContext,
  request: LandRequest,
): Promise<Landed | MainMoved> {
  const { token } = request;
  const claim = ownClaim(draft, token);
  const landed = await putParts(draft, context, claim, request);
  if (landed.outcome === 'landed') await draft.setClaim(token.slug, renewed(context, claim));
  return landed;
}

export interface CompleteRequest extends HolderRequest, LandingParts {}

/**
 * Completes a session: its changes and the move of its folder to `completed/` come to main at once, with the files given
 * (its plan among them, as it may be unlocked for last notes), and the claim is gone. Throws `ClaimLost`.
 */
export async function completeSession(
  draft: LedgerDraft,
  context: LedgerContext,
  request: CompleteRequest,
): Promise<Landed | MainMoved> {
  const { token } = request;
  const claim = ownClaim(draft, token);
  const before = await folderOf(draft, token.slug);
  nextState(await draft.stateOf(before), 'complete', token.slug);
  const landed = await putParts(draft, context, claim, request);
  if (landed.outcome === 'main-moved') return landed;
  await draft.setClaim(token.slug, 'absent');
  await commitMove(draft, context, {
    session: await folderOf(draft, token.slug),
    to: 'completed',
    by: claim.agent,
    message: subject(token.slug, 'session', `complete by ${claim.agent.name}`),
    lock: 'drop',
    with: { ...request, files: [{ path: conflictFile, change: () => undefined }, ...(request.files ?? [])] },
  });
  return landed;
}

export interface ConflictRequest extends HolderRequest {
  /** What is in conflict, for people: becomes `conflict.md`. */
  readonly report: Uint8Array | string;
}

/** Notes that a session's landing met a conflict. Throws `ClaimLost`. */
export async function markConflict(
  draft: LedgerDraft,
  context: LedgerContext,
  { token, report, files = [], ...rest }: ConflictRequest,
): Promise<HeldClaim> {
  return noteConflict(draft, context, 'conflict', {
    ...rest,
    token,
    files: [fileEdit(conflictFile, report), ...files],
  });
}

/** Notes that a conflict is resolved. Throws `ClaimLost`. */
export async function markResolved(
  draft: LedgerDraft,
  context: LedgerContext,
  { token, files = [], ...rest }: HolderRequest,
): Promise<HeldClaim> {
  const gone = { path: conflictFile as FileName, change: () => undefined };
  return noteConflict(draft, context, 'resolve', { ...rest, token, files: [gone, ...files] });
}

async function noteConflict(
  draft: LedgerDraft,
  context: LedgerContext,
  event: 'conflict' | 'resolve',
  request: HolderRequest,
): Promise<HeldClaim> {
  const { slug } = request.token;
  const { agent } = ownClaim(draft, request.token);
  nextState(await draft.stateOf(await folderOf(draft, slug)), event, slug);
  await editSession(draft, context, { ...request, slug, by: agent, message: `session: ${event}` });
  // Whoever had it, a person is to see to the conflict, and finishes what they have begun.
  await draft.setClaim(slug, attended(context, ownClaim(draft, request.token)));
  return ownClaim(draft, request.token);
}

/** Puts code and an override of the plan on main, if that is what it was when they were made. */
async function putParts(
  draft: LedgerDraft,
  context: LedgerContext,
  { slug, agent }: HeldClaim,
  { code, override, seen }: LandingParts,
): Promise<Landed | MainMoved> {
  const moved = { outcome: 'main-moved' as const, main: draft.main };
  if (seen !== undefined && !(await isAsSeen(draft, context, slug, seen))) return moved;
  const landed = code && (await putOnMain(draft, context, code));
  if (code !== undefined && landed === undefined) return moved;
  if (override !== undefined)
    await editSession(draft, context, { ...override, slug, by: agent, plan: 'override' });
  return { outcome: 'landed', code: landed };
}

async function isAsSeen(
  draft: LedgerDraft,
  { hub }: LedgerContext,
  slug: Slug,
  { main, paths }: SeenFiles,
): Promise<boolean> {
  if (main === draft.main) return true;
  const then = new GitTreeEdit(hub.repository, draft.objects, await draft.treeOf(main));
  for (const name of paths) {
    const path = sessionFile(hub, 'active', slug, name);
    if ((await then.before(path))?.id !== (await draft.entryAt(path))?.id) return false;
  }
  return true;
}

/**
 * Puts a commit on main; undefined where main has moved on by more than it may lie beside. Otherwise it is made again on
 * top of that: a busy ledger would keep anything from landing.
 */
async function putOnMain(
  draft: LedgerDraft,
  context: LedgerContext,
  { commit, onto, beside }: CodeCommit,
): Promise<ObjectId | undefined> {
  if (draft.main === onto) {
    draft.land(commit);
    return commit;
  }
  const { repository } = context.hub;
  const [old, now, made] = [
    await draft.treeOf(onto),
    await draft.treeOf(draft.main),
    await draft.treeOf(commit),
  ];
  // They say by what a commit is checked.
  if ((await settingsIn(draft, context, old)) !== (await settingsIn(draft, context, now))) return undefined;
  if (beside === 'sessions' && !(await differInSessionsOnly(draft, context, old, now))) return undefined;
  const both = await mergeApart(repository, draft.objects, { base: old, ours: made, theirs: now });
  // Where nothing of the change is left, there is nothing to land, which whoever made the commit has to find.
  if (both === undefined || both === now) return undefined;
  const bytes = await draft.objects.read(commit, 'commit');
  const text = bytes.toString('latin1');
  const [head, end] = [`tree ${made}\nparent ${onto}\n`, text.indexOf('\nauthor ')];
  // More parents, or others: then it is more than one change.
  if (end !== head.length - 1 || !text.startsWith(head)) return undefined;
  const again = `tree ${both}\nparent ${draft.main}\n${withoutSignature(text.slice(head.length))}`;
  const id = await draft.objects.add('commit', Buffer.from(again, 'latin1'));
  draft.land(id);
  return id;
}

async function settingsIn(
  { objects }: LedgerDraft,
  { hub }: LedgerContext,
  tree: ObjectId,
): Promise<ObjectId | undefined> {
  return (await new GitTreeEdit(hub.repository, objects, tree).before(hub.layout.settings))?.id;
}

async function differInSessionsOnly(
  { objects }: LedgerDraft,
  { hub }: LedgerContext,
  old: ObjectId,
  now: ObjectId,
): Promise<boolean> {
  const sessions = await new GitTreeEdit(hub.repository, objects, old).before(hub.layout.sessions);
  const edit = new GitTreeEdit(hub.repository, objects, now);
  edit.setDirectory(hub.layout.sessions, sessions?.id);
  return (await edit.write(objects)) === old;
}

/** A commit without the signature of it as it was, which would be wrong now. */
function withoutSignature(commit: string): string {
  const end = commit.indexOf('\n\n');
  const headers = commit.slice(0, end).replace(/\ngpgsig(?:-sha256)? [^\n]*(?:\n [^\n]*)*/g, '');
  return headers + commit.slice(end);
}
