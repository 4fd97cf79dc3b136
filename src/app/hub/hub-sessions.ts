import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import type { Git } from '../../git/git-process.ts';
import { type Repository, resolveCommit } from '../../git/repository.ts';
import { type ClaimToken, type HeldClaim, isOf, newClaimId } from '../../ledger/git/claim.ts';
import type { ClaimRequest } from '../../ledger/git/claim-moves.ts';
import { GitLedger, type Reads } from '../../ledger/git/git-ledger.ts';
import { ClaimLost } from '../../ledger/git/git-ledger-error.ts';
import { catchUpCheckouts } from '../../ledger/git/local-authority.ts';
import { fileEdit, type SessionFileEdit } from '../../ledger/git/session-moves.ts';
import type { SessionState } from '../../session/life-cycle.ts';
import { parsePlan } from '../../session/plan/plan.ts';
import {
  activePlanName,
  newActivePlan,
  planName,
  withWorklogEntry,
  worklogName,
} from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Agent } from '../../session/session.ts';
import type { FileName } from '../../tree/path.ts';
import { settleMade } from '../../workspace/git/half-done.ts';
import { usualKind } from '../../workspace/git/kept-kind.ts';
import {
  type SessionEnvironment,
  sessionEnvironmentName,
  sessionEnvironmentText,
  shellQuoted,
} from '../../workspace/git/session-environment.ts';
import type { BroughtBack } from '../../workspace/git/set-aside.ts';
import type { Materialised, SubmoduleChoice } from '../../workspace/git/submodules.ts';
import {
  findGitWorkspace,
  type GitWorkspace,
  isFurnished,
  noteFurnished,
  type WorkspaceRecord,
} from '../../workspace/git/workspace-record.ts';
import type { ProvisionReport } from '../../workspace/provision/provisioning.ts';
import type { Environment } from '../configuration.ts';
import { HeldSessions } from './held-sessions.ts';
import { HubError } from './hub-error.ts';
import { workspaceInPlace } from './lost-workspace.ts';
import { protectPlan, protectPlans } from './protect-plan.ts';
import type { ArrivedWork } from './travelling-work.ts';

/** What sessions of a hub are worked on with. */
export interface HubSurroundings {
  readonly git: Git;
  readonly agent: Agent;
  readonly clock: Clock;
  readonly environment: Environment;
  /** Where this user's Micelio keeps what it needs for itself, absolute. */
  readonly state: string;
  /** What is read where a remote decides that is out of reach; left out, nothing. */
  readonly reads?: Reads;
  /** For how long is read what a remote that decides was last seen to have, in ms; left out, it is asked each time. */
  readonly looksGoodForMs?: number;
}

/** A session that is to be, and what its plan says under each of its names. */
export interface NewPlan {
  readonly names: () => Iterable<Slug>;
  readonly planOf: (slug: Slug) => string;
}

/** Where and how a session's files are to be edited. */
export interface GitWorkspaceChoice {
  /** Left out: what the one was that was kept last, or a clone. */
  readonly kind?: WorkspaceRecord['kind'] | undefined;
  /** Absolute; left out: `.sessions/<slug>` or `.worktrees/<slug>` in the main workspace, or in a bare hub. */
  readonly directory?: string;
  readonly submodules?: SubmoduleChoice;
}

/** Who had a session that was taken over. */
export type TakenFrom = Pick<HeldClaim, 'agent' | 'machine'>;

/** What a claim may have besides; `files` are edits of the session's files that go into the same commit. */
export type ClaimExtras = Pick<ClaimRequest, 'files' | 'leaseMs' | 'id' | 'unattended'>;

export interface PlacedGitSession {
  readonly workspace: GitWorkspace;
  readonly materialised: Materialised | undefined;
  readonly provisioned: ProvisionReport | undefined;
  /** Made now, with the work that was kept; otherwise it was there already, and is as it was left. */
  readonly isNew: boolean;
  /** What came along from the remote that decides, of work that was done on another machine. */
  readonly arrived: ArrivedWork;
}

/** The sessions of a git repository, as this machine's user sees them. To be closed. */
export class HubSessions {
  readonly ledger: GitLedger;
  readonly held: HeldSessions;
  readonly surroundings: HubSurroundings;

  readonly #identity: IdentityText;
  /** Claimed here just now, whatever the shell has sourced before. */
  readonly #taken = new Set<Slug>();
  readonly #takenFrom = new Map<Slug, TakenFrom>();

  private constructor(ledger: GitLedger, surroundings: HubSurroundings, identity: IdentityText) {
    this.ledger = ledger;
    this.#identity = identity;
    this.surroundings = surroundings;
    this.held = new HeldSessions(ledger.hub.repository.gitDirectory);
  }

  /**
   * Opens the hub of the repository or workspace that `directory` lies in, while it is still being found out who the agent
   * is. Throws as `GitLedger.open` does.
   */
  static async open(
    directory: string,
    { agent, ...others }: Omit<HubSurroundings, 'agent'> & { readonly agent: Agent | Promise<Agent> },
  ): Promise<HubSessions> {
    const { git, clock, reads = 'current', looksGoodForMs = 0 } = others;
    const identity: IdentityText = { of: (claim) => sessionEnvironmentText(environmentOf(claim)) };
    const opening = GitLedger.open(git, directory, {
      machine: hostname(),
      clock,
      reads,
      looksGoodForMs,
      filesOfClaim: (claim) =>
        new Map([[sessionEnvironmentName as FileName, Buffer.from(identity.of(claim))]]),
    });
    const [opened, known] = await Promise.allSettled([opening, agent]);
    if (opened.status === 'rejected') throw opened.reason;
    if (known.status === 'fulfilled')
      return new HubSessions(opened.value, { ...others, agent: known.value }, identity);
    await opened.value.close();
    throw known.reason;
  }

  close(): Promise<void> {
    return this.ledger.close();
  }

  get hub(): Repository {
    return this.ledger.hub.repository;
  }

  /** The branch that sessions land on, without `refs/heads/`. */
  get mainBranch(): string {
    return this.ledger.hub.main.replace(/^refs\/heads\//, '');
  }

  /** The top of the main workspace, where people keep untracked files; of a bare hub, itself. */
  get mainDirectory(): string {
    return this.ledger.hub.mainDirectory;
  }

  /** Takes a planned session for this machine. Throws `ClaimLost` and what the life cycle says. */
  async claim(slug: Slug, { files = [], ...more }: ClaimExtras = {}): Promise<HeldClaim> {
    const made = await this.#madeHere(slug);
    if (made !== undefined) return this.#hold(made);
    const plan = await this.#text(slug, planName);
    await this.#readIdentityTemplate();
    const { value: claim } = await this.ledger.claim({
      slug,
      by: this.surroundings.agent,
      files: [...this.#filesOfClaim(slug, plan), ...files],
      ...more,
      id: this.#announced(slug, more.id),
    });
    return this.#hold(claim);
  }

  /** Drafts, plans and claims a session at once, under its first name that is free. Throws `session/exists`. */
  async start({ names, planOf }: NewPlan): Promise<HeldClaim> {
    await this.#readIdentityTemplate();
    const { value: claim } = await this.ledger.start({
      names,
      by: this.surroundings.agent,
      files: (slug) => [fileEdit(planName as FileName, planOf(slug))],
      claim: (slug) => ({ files: this.#filesOfClaim(slug, planOf(slug)), id: this.#announced(slug) }),
    });
    return this.#hold(claim);
  }

  /** What a session gets with its claim, besides who has it. */
  #filesOfClaim(slug: Slug, plan: string): SessionFileEdit[] {
    const { agent, clock } = this.surroundings;
    const entry = { atMs: clock.now(), author: agent.name, text: `Claimed on ${hostname()}.` };
    return [
      activePlanEdit(slug, plan),
      {
        path: worklogName as FileName,
        change: (before) => Buffer.from(withWorklogEntry(before?.toString('utf8') ?? '', slug, entry)),
      },
    ];
  }

  async #hold(claim: HeldClaim): Promise<HeldClaim> {
    const { slug } = claim;
    this.#remember(claim);
    await protectPlans(this, slug, 'active');
    return claim;
  }

  /** Takes an active session over, and remembers it as this machine's. Throws `session/claim-held`. */
  async takeOver(
    slug: Slug,
    mode: 'when-lapsed' | 'now',
    { files = [], ...more }: ClaimExtras = {},
  ): Promise<HeldClaim> {
    const plan = await this.#text(slug, planName);
    await this.#readIdentityTemplate();
    const { claim: before } = await this.ledger.session(slug);
    const { value } = await this.ledger.takeOver({
      slug,
      by: this.surroundings.agent,
      mode,
      // Whoever had it before may have been killed before all that goes with a claim was there.
      files: [activePlanEdit(slug, plan), ...files],
      ...more,
      id: this.#announced(slug, more.id),
    });
    const isElsewhere = this.ledger.decider.kind === 'remote' && this.held.get(slug)?.token.id !== before?.id;
    if (before !== undefined && isElsewhere) this.#takenFrom.set(slug, before);
    this.#remember(value.claim);
    return value.claim;
  }

  /** From whom this process has taken a session over, where they had it through another hub. */
  takenFrom(slug: Slug): TakenFrom | undefined {
    return this.#takenFrom.get(slug);
  }

  /** How a claim will be called that is about to be made, which is noted before: its process may be killed. */
  #announced(slug: Slug, id = newClaimId(systemRandom)): string {
    this.held.announce({ slug, id });
    return id;
  }

  /** The claim of a session that a process of this machine has made, and was killed before it could note that. */
  async #madeHere(slug: Slug): Promise<HeldClaim | undefined> {
    const announced = this.held.announced(slug);
    if (announced.length === 0) return undefined;
    const { claim } = await this.ledger.session(slug);
    if (claim === undefined || !announced.some((token) => isOf(claim, token))) return undefined;
    this.#remember(claim);
    // The killed one may have moved main without the checkouts of it.
    await catchUpCheckouts(this.ledger.hub);
    return claim;
  }

  #remember(claim: HeldClaim): void {
    this.held.set({ token: claim, directory: this.held.get(claim.slug)?.directory });
    this.#taken.add(claim.slug);
  }

  /**
   * Goes on with a claim of this machine whose process was killed, be it before the claim was recorded, or before this
   * machine knew that it has it. `files` are edited in the same commit. Throws `ClaimLost`.
   */
  async carryOn(token: ClaimToken, files: readonly SessionFileEdit[]): Promise<void> {
    const { slug } = token;
    const { agent: by } = await this.requireClaim(token);
    const own = activePlanEdit(slug, await this.#text(slug, planName));
    await this.ledger.edit({
      ...{ slug, by, token, message: 'docs: what goes with the claim' },
      files: [own, ...files],
    });
    this.held.set({ token, directory: this.held.get(slug)?.directory });
    this.#taken.add(slug);
    await protectPlans(this, slug, 'active');
  }

  /** Brings an abandoned session back, as this machine's. */
  async reopen(slug: Slug): Promise<HeldClaim> {
    await this.#readIdentityTemplate();
    const { value: claim } = await this.ledger.reopen({
      slug,
      by: this.surroundings.agent,
      id: this.#announced(slug),
    });
    return this.#hold(claim);
  }

  /**
   * The claim of a session, where this machine has it. Throws `ClaimLost` in a shell that has sourced the `.session-env` of
   * an earlier claim: somebody on this machine has taken the session over since.
   */
  tokenOf(slug: Slug): ClaimToken | undefined {
    const token = this.held.get(slug)?.token;
    const { SESSION_SLUG, SESSION_CLAIM } = this.surroundings.environment;
    const isEarlier = SESSION_SLUG === slug && SESSION_CLAIM !== undefined && SESSION_CLAIM !== token?.id;
    if (token === undefined || !isEarlier || this.#taken.has(slug)) return token;
    const words =
      'this shell works under an earlier claim, and it was claimed anew since. If that was you, source the .session-env of its workspace again; otherwise claim another one. What you have changed is still in your workspace.';
    throw new ClaimLost(slug, undefined, words);
  }

  /**
   * The claim of a session that this machine holds. Throws `session/not-held`, which says how it is had, `session/not-found`,
   * and as `tokenOf` does.
   */
  async requireHeld(slug: Slug): Promise<ClaimToken> {
    const token = this.tokenOf(slug);
    if (token !== undefined) return token;
    const made = await this.#madeHere(slug);
    if (made !== undefined) return made;
    const { state, claim } = await this.ledger.session(slug);
    const atWork = `${claim?.agent.name ?? 'somebody'} works on it. "mic session claim ${slug} --take-over" takes it, if its agent is gone`;
    const next: Record<SessionState, string> = {
      drafting: `it is still being drafted. "mic session ready ${slug}" lets it be claimed`,
      planned: `nobody has claimed it. "mic session claim ${slug}" takes it`,
      active: atWork,
      conflicted: atWork,
      completed: `it is completed. "mic session show ${slug}" says what came of it`,
      abandoned: `it is abandoned. "mic session restore ${slug}" brings it back`,
    };
    throw new HubError('session/not-held', `This machine does not have session ${slug}: ${next[state]}.`);
  }

  /** A claim as the ledger has it now. Throws `ClaimLost` where it is not this machine's any more. */
  async requireClaim(token: ClaimToken): Promise<HeldClaim> {
    const { claim } = await this.ledger.session(token.slug);
    if (isOf(claim, token)) return claim;
    throw new ClaimLost(token.slug, claim);
  }

  /** Whether the shell has sourced the `.session-env` of this very claim. */
  isShellOf({ slug, id }: ClaimToken): boolean {
    const { SESSION_SLUG, SESSION_CLAIM } = this.surroundings.environment;
    return SESSION_SLUG === slug && SESSION_CLAIM === id;
  }

  /** Whether a claim is in the name of this agent, on whichever machine. */
  isOwn(claim: HeldClaim | undefined): boolean {
    const { name, email } = this.surroundings.agent;
    return claim?.agent.name === name && claim.agent.email === email;
  }

  /** Whether the session is active and this machine's. */
  async isHeld(slug: Slug): Promise<boolean> {
    const held = this.held.get(slug);
    if (held !== undefined && isOf((await this.ledger.session(slug)).claim, held.token)) return true;
    return (await this.#madeHere(slug)) !== undefined;
  }

  /** Where the session's workspace on this machine may be. */
  placesOf(slug: Slug): readonly string[] {
    const usual = (['clone', 'worktree'] as const).map((kind) => this.#defaultDirectory(slug, kind));
    const own = this.held.get(slug)?.directory;
    return own === undefined ? usual : [...new Set([own, ...usual])];
  }

  /** The session's workspace on this machine, if it has one. */
  async workspaceOf(slug: Slug): Promise<GitWorkspace | undefined> {
    for (const directory of this.placesOf(slug)) {
      // A workspace is looked for at its top, so there is one only where a repository begins.
      if (!existsSync(join(directory, '.git'))) continue;
      const found = await findGitWorkspace(this.surroundings.git, directory);
      if (found?.record.slug === slug && found.directory === directory) return found;
    }
    return undefined;
  }

  /** The session's workspace, for who has claimed it; made where it is missing, with the work that was kept. */
  async place(slug: Slug, choice: GitWorkspaceChoice): Promise<PlacedGitSession> {
    const token = await this.requireHeld(slug);
    const claim = await this.requireClaim(token);
    const { agent } = claim;
    await this.#readIdentityTemplate();
    const environment = this.#identity.of(claim);
    // Beside one that was moved, another one would begin without what is not committed in it.
    const existing = await (choice.directory === undefined
      ? workspaceInPlace(this, slug)
      : this.workspaceOf(slug));
    const { bringWork } = await import('./travelling-work.ts');
    const arrived = await bringWork(this, claim);
    // Loaded here: what makes workspaces is more than all else together, and few commands make one.
    const { createGitWorkspace, handOver } = await import('../../workspace/git/create-git-workspace.ts');
    if (existing !== undefined) {
      settleMade(this.hub, slug);
      await handOver(existing, { agent, environment });
      protectPlan(join(existing.directory, this.ledger.hub.layout.session('active', slug)));
      this.held.set({ token, directory: existing.directory });
      const provisioned = isFurnished(existing) ? undefined : await this.#furnish(existing);
      return { workspace: existing, materialised: undefined, provisioned, arrived, isNew: false };
    }
    const { layout } = this.ledger.hub;
    const kind = choice.kind ?? usualKind(this.hub, slug);
    const directory = choice.directory ?? this.#defaultDirectory(slug, kind);
    const [{ bringBackWork }, { dropBroughtBack }] = await Promise.all([
      import('../../workspace/git/bring-back-work.ts'),
      import('../../workspace/git/set-aside.ts'),
    ]);
    let brought: readonly BroughtBack[] = [];
    // Loaded while git makes the workspace, for when it is needed.
    void import('./provision.ts');
    const { materialised, ...workspace } = await createGitWorkspace({
      kind,
      hub: this.hub,
      directory,
      slug,
      branch: `session/${slug}`,
      main: this.mainBranch,
      agent,
      environment,
      rules: { sessions: layout.sessions, knowledge: `${layout.root}/knowledge` },
      submodules: choice.submodules ?? 'initialise',
      fill: async (made) => {
        brought = await bringBackWork(made, this.hub);
      },
    });
    this.held.set({ token, directory });
    dropBroughtBack(brought);
    protectPlan(join(directory, layout.session('active', slug)));
    return { workspace, materialised, provisioned: await this.#furnish(workspace), arrived, isNew: true };
  }

  /** Provisions a workspace. Done again it changes nothing, so it is, where somebody was killed in the middle. */
  async #furnish(workspace: GitWorkspace): Promise<ProvisionReport | undefined> {
    const { provisionWorkspace } = await import('./provision.ts');
    const provisioned = await provisionWorkspace(this, workspace);
    noteFurnished(workspace);
    return provisioned;
  }

  /** The text of a file in a session's folder; empty where it has none. */
  async #text(slug: Slug, name: string): Promise<string> {
    return (await this.ledger.files([slug], name as FileName)).get(slug)?.toString('utf8') ?? '';
  }

  /** A file of a session, as text; empty where it has none. Throws `session/not-found`. */
  async text(slug: Slug, name: string): Promise<string> {
    await this.ledger.session(slug);
    return this.#text(slug, name);
  }

  /** Whether a session that is over was ended under this claim: who had it last is in the files of its claim. */
  async wasLastClaim({ slug, id }: ClaimToken): Promise<boolean> {
    return (await this.text(slug, sessionEnvironmentName)).split('\n').includes(claimLine(id));
  }

  /** The commit that main is at, which the hub has. */
  main(): ReturnType<GitLedger['main']> {
    return this.ledger.main();
  }

  /** The newest commit of a workspace. */
  headOf(workspace: GitWorkspace): ReturnType<GitLedger['main']> {
    return resolveCommit(workspace.repository, 'HEAD');
  }

  async #readIdentityTemplate(): Promise<void> {
    const { readSessionTemplate, renderSessionEnvironment } = await import('./session-templates.ts');
    const template = await readSessionTemplate(this.ledger, 'environment');
    this.#identity.of = (claim) => {
      const text = renderSessionEnvironment(template, claim.slug, claim.agent);
      return `${text}${claimLine(claim.id)}\n`;
    };
    // An error of the template is one of the project, and said before anything is claimed.
    renderSessionEnvironment(template, 'kb-2025-10-14-try' as Slug, this.surroundings.agent);
  }

  #defaultDirectory(slug: Slug, kind: WorkspaceRecord['kind']): string {
    return join(this.mainDirectory, kind === 'clone' ? '.sessions' : '.worktrees', slug);
  }
}

/** The line of `.session-env` that says which claim a shell works under. */
function claimLine(id: string): string {
  return `export SESSION_CLAIM=${shellQuoted(id)}`;
}

/** The plan in which the criteria are ticked, where there is none yet. */
function activePlanEdit(slug: Slug, plan: string): SessionFileEdit {
  return {
    path: activePlanName as FileName,
    change: (before) => before ?? Buffer.from(newActivePlan(slug, parsePlan(plan))),
  };
}

/** Writes what all machines may know of who works in a session: as the project's template says, once that was read. */
interface IdentityText {
  of: (claim: HeldClaim) => string;
}

function environmentOf({ slug, agent, id }: HeldClaim): SessionEnvironment {
  return { slug, branch: `session/${slug}`, agent, claim: id };
}
