import { type Clock, systemClock } from '../../base/clock.ts';
import { type Random, systemRandom } from '../../base/random.ts';
import type { Git } from '../../git/git-process.ts';
import type { ObjectId } from '../../git/object-id.ts';
import { StagedObjects } from '../../git/staged-objects.ts';
import type { SessionState } from '../../session/life-cycle.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Agent } from '../../session/session.ts';
import type { FileName, TreePath } from '../../tree/path.ts';
import type { Authority, AuthorityRefs, LedgerNote } from './authority.ts';
import {
  type Claim,
  type ClaimStanding,
  type ClaimToken,
  ClaimWatch,
  type HeldClaim,
  isHeld,
} from './claim.ts';
import { standingHere } from './claim-guard.ts';
import {
  type ClaimRequest,
  claimSession,
  confirmClaim,
  decideClaim,
  decideTakeOver,
  type HolderRequest,
  releaseSession,
  renewClaim,
  reopenSession,
  settledClaim,
  type TakenOver,
  type TakeOverRequest,
  takeOverSession,
} from './claim-moves.ts';
import { ClaimSightings } from './claim-sightings.ts';
import { type Decider, deciderOf } from './decider.ts';
import { type Hub, openHub } from './hub.ts';
import { HubReader } from './hub-reader.ts';
import { requireNoneElsewhere } from './laid-out.ts';
import {
  type CompleteRequest,
  type ConflictRequest,
  completeSession,
  type Landed,
  type LandRequest,
  landCode,
  type MainMoved,
  markConflict,
  markResolved,
} from './landing-moves.ts';
import { folderOf, type LedgerContext } from './ledger-context.ts';
import { LedgerDraft, type SessionFolder, sessionFileBytesMax } from './ledger-draft.ts';
import { type Done, LedgerQueue, type Operation } from './ledger-queue.ts';
import { LocalAuthority } from './local-authority.ts';
import { RecallingAuthority, type Staleness } from './recalling-authority.ts';
import { RemoteAuthority } from './remote-authority.ts';
import {
  type AbandonRequest,
  abandonSession,
  type DraftRequest,
  draftSession,
  type EditRequest,
  editSession,
  freeName,
  type MoveRequest,
  movePlan,
  type SessionFileEdit,
} from './session-moves.ts';
import { type GitLedgerSettings, parseSettings, settingsBytesMax } from './settings.ts';
import { SettledAuthority } from './settled-authority.ts';
import { notDecidedHere, UnaskedAuthority } from './unasked-authority.ts';

export interface GitLedgerOptions {
  /** This machine's name, for people. */
  readonly machine: string;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Files that a claim puts into its session's folder, such as `.session-env`. The same for the same claim. */
  readonly filesOfClaim?: (claim: HeldClaim) => ReadonlyMap<FileName, Uint8Array>;
  /** What is read where a remote decides that is out of reach; left out, nothing. */
  readonly reads?: Reads;
  /**
   * For how long is read what the remote that decides was last seen to have, and what was moved here since, in ms: to ask it
   * takes a connection. Moves ask it always. Left out: it is asked each time.
   */
  readonly looksGoodForMs?: number;
}

/**
 * What is read: what the authority has now, or, where it is out of reach, what was last known of it. Nothing is moved by what
 * was last known.
 */
export type Reads = 'current' | 'or last known';

/** A session that is new: it gets the first of its names that is free. */
export interface NewSession {
  readonly names: () => Iterable<Slug>;
  readonly by: Agent;
  readonly files: (slug: Slug) => readonly SessionFileEdit[];
}

export interface StartRequest extends NewSession {
  /** What the claim takes along. */
  readonly claim: (slug: Slug) => Omit<ClaimRequest, 'slug' | 'by'>;
}

/** A session, as a list shows it. */
export interface SessionSummary {
  readonly slug: Slug;
  readonly state: SessionState;
  /** Who has it; undefined where nobody has. */
  readonly claim: HeldClaim | undefined;
  /** The id of the last claim, where that was given back and nobody has claimed the session since. */
  readonly givenBack: string | undefined;
  readonly standing: ClaimStanding;
}

/**
 * Sessions as folders on the main branch of a git repository, and claims as refs (`docs/decisions/0010-the-git-ledger.md`).
 * Every change is one commit on main; claims are decided by their refs alone. Changes that are asked for at once go
 * together. All of them throw `ledger/unreachable`, `ledger/refused`, `ledger/busy` and `ledger/not-initialised`, and
 * `session/not-found` and `session/forbidden-move` where the session is not one that it can be done to.
 */
export class GitLedger {
  readonly hub: Hub;
  readonly settings: GitLedgerSettings;
  readonly decider: Decider;
  readonly #context: LedgerContext;
  readonly #queue: LedgerQueue;
  readonly #authority: Authority;

  private constructor(
    context: LedgerContext,
    settings: GitLedgerSettings,
    decider: Decider,
    authority: Authority,
    queue: LedgerQueue,
  ) {
    this.hub = context.hub;
    this.settings = settings;
    this.decider = decider;
    this.#context = context;
    this.#authority = authority;
    this.#queue = queue;
  }

  /**
   * Opens the ledger of the repository that `path` lies in: a hub, or a session's clone or worktree that knows its hub.
   * To be closed. What is read of it at once, before anything else is waited for, is as it was while it was opened. Throws as `openHub` does, and `ledger/settings-invalid`.
   */
  static async open(git: Git, path: string, options: GitLedgerOptions): Promise<GitLedger> {
    const hub = await openHub(git, path);
    const { machine, clock = systemClock, random = systemRandom, reads = 'current' } = options;
    const local = new LocalAuthority(hub);
    const reader = await HubReader.open(hub.repository);
    try {
      const refs = await local.look();
      const settings = await settingsAt(hub, refs, reader);
      const decider = await deciderOf(hub.repository, settings);
      const filesOfClaim = options.filesOfClaim ?? (() => new Map<FileName, Uint8Array>());
      const { leaseMs } = settings;
      const { looksGoodForMs = 0 } = options;
      const watch = new ClaimWatch();
      const sightings = new ClaimSightings(hub.repository, machine);
      const context = {
        hub,
        machine,
        clock,
        random,
        leaseMs,
        watch,
        sightings,
        looksGoodForMs,
        filesOfClaim,
      };
      const authority = authorityFor(context, decider, { reader, reads });
      const seen = decider.kind === 'remote' ? undefined : refs;
      const known = { main: refs.main, authority: settings.authority };
      const settled = new SettledAuthority(authority, { hub, reader, known });
      const queue = new LedgerQueue(context, settled, reader, seen);
      return new GitLedger(context, settings, decider, authority, queue);
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  /** Ends what runs for this ledger, once what was asked for has been done. */
  async close(): Promise<void> {
    await this.#queue.close();
  }

  /** Throws `ledger/not-decided-here` where sessions can be read, and never moved. */
  requireDecider(): void {
    const { decider } = this;
    if (decider.kind === 'another' || decider.kind === 'nobody') throw notDecidedHere(decider);
  }

  /** What is read next is what the authority has then: others may have changed it, such as a program that was run. */
  lookAgain(): void {
    this.#queue.lookAgain();
  }

  /** How far what was read is behind; undefined where it is what the authority has. */
  get staleness(): Staleness | undefined {
    return this.#authority instanceof RecallingAuthority ? this.#authority.staleness : undefined;
  }

  /** Whose refs decide: the name of a remote, or the hub's path. */
  get authority(): string {
    return this.#authority.name;
  }

  /** Makes a session in `drafting/`. Throws `session/exists`. */
  draft(request: DraftRequest): Promise<Done<void>> {
    return this.#run(`draft ${request.slug}`, (draft) => draftSession(draft, this.#context, request));
  }

  /** The same, under the first name that is free then. Throws `session/exists` where none is. */
  draftNew(request: NewSession): Promise<Done<Slug>> {
    return this.#run('draft a session', (draft) => draftNew(draft, this.#context, request));
  }

  /** Moves a session to `planned/`, where it can be claimed, or back to `drafting/`. */
  move(request: MoveRequest): Promise<Done<void>> {
    const { event, slug } = request;
    return this.#run(`${event} ${slug}`, (draft) => movePlan(draft, this.#context, request));
  }

  /** Takes a planned session. Throws `ClaimLost` where somebody else has it. */
  claim(request: ClaimRequest): Promise<Done<HeldClaim>> {
    const context = this.#context;
    return this.#queue.run({
      name: `claim ${request.slug}`,
      apply: (draft) => claimSession(draft, context, request),
      early: {
        slug: request.slug,
        decide: (draft) => decideClaim(draft, context, request),
        record: {
          settled: (draft, decided) => settledClaim(draft, decided, request),
          confirm: (draft, decided) => confirmClaim(draft, context, decided, request),
        },
      },
      hooks: 'skip',
    });
  }

  /** Drafts, plans and claims a session at once: three commits, and one move of main. Throws as `draftNew` does. */
  start(request: StartRequest): Promise<Done<HeldClaim>> {
    const { by } = request;
    return this.#run('start a session', async (draft) => {
      const slug = await draftNew(draft, this.#context, request);
      await movePlan(draft, this.#context, { slug, by, event: 'plan' });
      return claimSession(draft, this.#context, { ...request.claim(slug), slug, by });
    });
  }

  /** Says that whoever has a session is still at work, and waits for nobody. Throws `ClaimLost`. */
  renew(token: ClaimToken): Promise<Done<HeldClaim>> {
    const { slug } = token;
    const renew = (draft: LedgerDraft) => renewClaim(draft, this.#context, token);
    return this.#queue.run({
      name: `renew ${slug}`,
      apply: renew,
      early: { slug, decide: renew },
      hooks: 'skip',
    });
  }

  /** Gives a session back to `planned/`. Throws `ClaimLost`. */
  release(request: HolderRequest): Promise<Done<void>> {
    return this.#run(`release ${request.token.slug}`, (draft) =>
      releaseSession(draft, this.#context, request),
    );
  }

  /** Takes an active session from whoever has it, or had it. Throws `session/claim-held` where that is too early. */
  takeOver(request: TakeOverRequest): Promise<Done<TakenOver>> {
    const context = this.#context;
    return this.#queue.run({
      name: `take over ${request.slug}`,
      apply: (draft) => takeOverSession(draft, context, request),
      early: {
        slug: request.slug,
        decide: (draft) => decideTakeOver(draft, context, request),
        record: {
          settled: async (draft, decided) => {
            const claim = await settledClaim(draft, decided.claim, request);
            return claim && { ...decided, claim };
          },
          confirm: async (draft, decided) => ({
            ...decided,
            claim: await confirmClaim(draft, context, decided.claim, request),
          }),
        },
      },
      hooks: 'skip',
    });
  }

  /** Moves a session to `abandoned/`. Throws `session/claim-held` and `ClaimLost`. */
  abandon(request: AbandonRequest): Promise<Done<void>> {
    return this.#run(`abandon ${request.slug}`, (draft) => abandonSession(draft, this.#context, request));
  }

  /** Brings an abandoned session back to `active/`, as the caller's. */
  reopen(request: ClaimRequest): Promise<Done<HeldClaim>> {
    return this.#run(`reopen ${request.slug}`, (draft) => reopenSession(draft, this.#context, request));
  }

  /** Edits files of a session. Throws `session/plan-frozen`, and `ClaimLost` where a claim is given. */
  edit(request: EditRequest): Promise<Done<void>> {
    return this.#run(`edit ${request.slug}`, (draft) => editSession(draft, this.#context, request));
  }

  /** Notes that a landing met a conflict: the session is `conflicted`. Throws `ClaimLost`. */
  conflict(request: ConflictRequest): Promise<Done<HeldClaim>> {
    return this.#run(`conflict ${request.token.slug}`, (draft) =>
      markConflict(draft, this.#context, request),
    );
  }

  /** Notes that a conflict is resolved. Throws `ClaimLost`. */
  resolve(request: HolderRequest): Promise<Done<HeldClaim>> {
    return this.#run(`resolve ${request.token.slug}`, (draft) => markResolved(draft, this.#context, request));
  }

  /** Puts a session's changes on main while it goes on. Throws `ClaimLost`. */
  land(request: LandRequest): Promise<Done<Landed | MainMoved>> {
    const name = `land ${request.token.slug}`;
    return this.#run(name, (draft) => landCode(draft, this.#context, request), hooksFor(request));
  }

  /** Completes a session: its changes, its files and its folder's move come to main at once. Throws `ClaimLost`. */
  complete(request: CompleteRequest): Promise<Done<Landed | MainMoved>> {
    const name = `complete ${request.token.slug}`;
    return this.#run(name, (draft) => completeSession(draft, this.#context, request), hooksFor(request));
  }

  /** All sessions, or those in `states`, by slug. */
  list(states?: readonly SessionState[]): Promise<readonly SessionSummary[]> {
    return this.#queue.read('all', async (draft) => {
      const sessions = await draft.statesOf(Array.from((await draft.sessions()).values()));
      const asked = Array.from(sessions).filter(([, state]) => states?.includes(state) ?? true);
      return asked
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([slug, state]) => this.#summary(draft, slug, state));
    });
  }

  /** One session. Throws `session/not-found`. */
  session(slug: Slug): Promise<SessionSummary> {
    return this.#queue.read([slug], async (draft) => {
      const session = await folderOf(draft, slug);
      return this.#summary(draft, slug, await draft.stateOf(session));
    });
  }

  /** The file `name` of each of `slugs` that has it. */
  files(slugs: readonly Slug[], name: TreePath | FileName): Promise<ReadonlyMap<Slug, Buffer>> {
    return this.#queue.read([], async (draft) => {
      const folders: SessionFolder[] = [];
      for (const slug of slugs) {
        const folder = await draft.sessionFolder(slug);
        if (folder !== undefined) folders.push(folder);
      }
      return draft.filesNamed(folders, name, sessionFileBytesMax);
    });
  }

  /** All files in a session's folder and below, by their paths in it. Throws `session/not-found`. */
  folder(slug: Slug): Promise<ReadonlyMap<TreePath, Buffer>> {
    return this.#queue.read([], async (draft) => {
      const { tree } = await folderOf(draft, slug);
      const files = new Map<TreePath, Buffer>();
      for (const { path, id } of await draft.filesOf(tree)) {
        files.set(path, await draft.objects.readBlob(id, sessionFileBytesMax));
      }
      return files;
    });
  }

  /** The file `path` on main, from the top; undefined where there is none. */
  file(path: TreePath): Promise<Buffer | undefined> {
    return this.#queue.read([], (draft) => draft.readFile(path, sessionFileBytesMax));
  }

  /** The commit that main is at. */
  main(): Promise<ObjectId> {
    return this.#queue.read([], async (draft) => draft.main);
  }

  /** Finishes what others have left half done, and brings along checkouts of main that were left behind. */
  async mend(): Promise<readonly LedgerNote[]> {
    const { notes } = await this.#run('mend', async () => {});
    return [...notes, ...(await this.#queue.catchUp())];
  }

  #run<T>(
    name: string,
    apply: (draft: LedgerDraft) => Promise<T>,
    hooks: Operation<T>['hooks'] = 'skip',
  ): Promise<Done<T>> {
    return this.#queue.run({ name, apply, hooks });
  }

  #summary(draft: LedgerDraft, slug: Slug, state: SessionState): SessionSummary {
    const claim: Claim | undefined = draft.claims.get(slug)?.claim;
    // What was last known is shown as it stood then: who has a session may have renewed its claim since.
    const { staleness } = this;
    const nowMs = staleness?.atMs ?? this.#context.clock.now();
    const note = staleness === undefined ? 'not renewed in time' : 'nothing';
    const standing = standingHere(draft.refs, this.#context, claim, { nowMs, note });
    const [held, givenBack] = isHeld(claim) ? [claim, undefined] : [undefined, claim?.id];
    return { slug, state, claim: held, givenBack, standing };
  }
}

/** Those that protect main are asked where code comes to it. */
function hooksFor({ code }: Pick<LandRequest, 'code'>): Operation<unknown>['hooks'] {
  return code === undefined ? 'skip' : 'run';
}

async function draftNew(
  draft: LedgerDraft,
  context: LedgerContext,
  { names, by, files }: NewSession,
): Promise<Slug> {
  const slug = await freeName(draft, names());
  await draftSession(draft, context, { slug, by, files: files(slug) });
  return slug;
}

function authorityFor(
  { hub, clock }: LedgerContext,
  decider: Decider,
  { reader, reads }: { readonly reader: HubReader; readonly reads: Reads },
): Authority {
  switch (decider.kind) {
    case 'this':
      return new LocalAuthority(hub);
    case 'remote': {
      // Who can do with what was last known does not wait for long.
      const patience = reads === 'current' ? 'usual' : 'short';
      const remote = new RemoteAuthority(hub, decider.name, { reader, clock, patience });
      return reads === 'current' ? remote : new RecallingAuthority(remote);
    }
    default:
      return new UnaskedAuthority(hub, decider);
  }
}

/** The settings on the hub's own main, which say who decides. Throws `ledger/settings-invalid`. */
async function settingsAt(hub: Hub, refs: AuthorityRefs, reader: HubReader): Promise<GitLedgerSettings> {
  const draft = new LedgerDraft(hub, new StagedObjects(hub.repository, reader.current), refs, new Map(), 0);
  const text = await draft.readFile(hub.layout.settings, settingsBytesMax);
  const isLaidOut = text !== undefined || (await draft.entryAt(hub.layout.sessions)) !== undefined;
  if (!isLaidOut) await requireNoneElsewhere(hub, refs.main);
  return parseSettings(text, hub.layout.settings);
}
