import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import type {
  AgentWork,
  CompletedWork,
  PlacedWork,
  TakenStanding,
  WaitingSession,
  WorkNotes,
} from '../../agents/agent-work.ts';
import { attemptsName } from '../../agents/attempts.ts';
import { hasCode, MicelioError } from '../../base/error.ts';
import { type ClaimToken, type HeldClaim, isOf } from '../../ledger/git/claim.ts';
import { ClaimLost } from '../../ledger/git/git-ledger-error.ts';
import type { SessionFileEdit } from '../../ledger/git/session-moves.ts';
import { goalOf, parsePlan } from '../../session/plan/plan.ts';
import { planName, withWorklogEntry, worklogName } from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { secretValues } from '../../session/redaction.ts';
import type { FileName } from '../../tree/path.ts';
import { commitRest } from '../../workspace/git/commit-rest.ts';
import type { RemovedWorkspace } from '../../workspace/git/remove-git-workspace.ts';
import { sessionVariables } from '../../workspace/git/session-environment.ts';
import type { GitWorkspace, WorkspaceRecord } from '../../workspace/git/workspace-record.ts';
import { secretWords } from '../../workspace/provision/secret-words.ts';
import { completeSession } from '../hub/complete.ts';
import type { HubSessions } from '../hub/hub-sessions.ts';
import { leftBehindText } from '../hub/left-behind.ts';
import { anySession, requireProvisionable } from '../hub/provision-check.ts';
import { clearAway, type LeftWorkspace, removeWorkspace } from '../hub/remove-workspace.ts';
import { sendWork } from '../hub/travelling-work.ts';
import { hubMark } from './hub-mark.ts';

export interface HubAgentOptions {
  /** Undefined: as each session had it, or a clone. */
  readonly workspace: WorkspaceRecord['kind'] | undefined;
  /** How long a claim is good for without being renewed, in ms; the project's setting where it is undefined. */
  readonly leaseMs: number | undefined;
  /** The directory that `mic` is in, absolute. */
  readonly bin: string;
  /** The directory of what runners note on this machine, absolute. */
  readonly records: string;
  /** What a removed workspace had that is not in git, for people, a line each. */
  readonly removedLines: (removed: RemovedWorkspace) => readonly string[];
}

const attemptsFile = attemptsName as FileName;
const restMessage = 'chore: what was left uncommitted';

/** Why a session cannot be completed as it is: for whoever works on it next. */
const refusals: readonly string[] = [
  'session/uncommitted',
  'session/criteria-open',
  'session/rules-broken',
  'session/verify-failed',
  'session/workspace-lost',
  'workspace/cannot-keep',
];

/** The sessions of a git repository, for agents that work on them. */
export class HubAgentWork implements AgentWork {
  readonly leaseMs: number;
  readonly worker: string;
  readonly #sessions: HubSessions;
  readonly #options: HubAgentOptions;
  /** The takings of this process: what the machine holds may be a person's by now. */
  readonly #tokens = new Map<Slug, ClaimToken>();

  constructor(sessions: HubSessions, options: HubAgentOptions) {
    this.#sessions = sessions;
    this.#options = options;
    this.leaseMs = options.leaseMs ?? sessions.ledger.settings.leaseMs;
    this.worker = `${sessions.surroundings.agent.name} on ${hostname()}`;
  }

  mark(): Promise<string | undefined> {
    return hubMark(this.#sessions);
  }

  async waiting(): Promise<readonly WaitingSession[]> {
    const { ledger } = this.#sessions;
    ledger.lookAgain();
    const listed = await ledger.list(['planned', 'active']);
    const planned = listed.filter(
      ({ state, standing }) => state === 'planned' && standing.standing === 'free',
    );
    // What a person has claimed is a person's, however long it takes. One whose claim is not recorded yet is in planned/.
    const lapsed = listed.filter(
      ({ state, standing, claim }) =>
        (state === 'active' || state === 'planned') &&
        standing.standing === 'lapsed' &&
        claim?.unattended === true,
    );
    const slugs = [...planned, ...lapsed].map(({ slug }) => slug);
    if (slugs.length === 0) return [];
    // What is wrong for all of them is no failure of any.
    await requireProvisionable(this.#sessions, anySession, this.#options.workspace);
    const plans = await this.#texts(slugs, planName);
    const records = await this.#texts(slugs, attemptsName);
    const waiting = (slug: Slug, found: WaitingSession['found']) => {
      return { slug, found, plan: plans.get(slug) ?? '', attempts: records.get(slug) ?? '' };
    };
    return [
      ...planned.map(({ slug }) => waiting(slug, 'planned')),
      ...lapsed.map(({ slug }) => waiting(slug, 'lapsed')),
    ];
  }

  async #texts(slugs: readonly Slug[], name: string): Promise<ReadonlyMap<Slug, string>> {
    if (slugs.length === 0) return new Map();
    const files = await this.#sessions.ledger.files(slugs, name as FileName);
    return new Map(Array.from(files, ([slug, bytes]) => [slug, bytes.toString('utf8')]));
  }

  async take(
    { slug, found }: Pick<WaitingSession, 'slug' | 'found'>,
    taking: string,
    notes: WorkNotes,
  ): Promise<'taken' | 'gone'> {
    const { leaseMs } = this;
    const more = { files: this.#filesOf(slug, notes), leaseMs, id: taking, unattended: true } as const;
    try {
      const claim =
        found === 'planned'
          ? await this.#sessions.claim(slug, more)
          : await this.#sessions.takeOver(slug, 'when-lapsed', more);
      this.#tokens.set(slug, claim);
      return 'taken';
    } catch (error) {
      if (error instanceof ClaimLost && error.holder?.id === taking) {
        // It was taken, and the answer got lost.
        await this.resume(slug, taking, notes);
        return 'taken';
      }
      const isGone = [
        'session/claim-lost',
        'session/claim-held',
        'session/forbidden-move',
        'session/not-found',
      ];
      if (isGone.some((code) => hasCode(error, code))) return 'gone';
      throw error;
    }
  }

  async standing(slug: Slug, taking: string): Promise<TakenStanding> {
    const { ledger } = this.#sessions;
    ledger.lookAgain();
    const [summary] = (await ledger.list()).filter((session) => session.slug === slug);
    if (summary?.state === 'completed')
      return (await this.#sessions.wasLastClaim({ slug, id: taking })) ? 'completed' : 'lost';
    if (summary?.givenBack === taking) {
      const { state } = summary;
      if (state === 'abandoned') return 'abandoned';
      return state === 'drafting' ? 'shelved' : 'given-back';
    }
    if (!isOf(summary?.claim, { slug, id: taking })) return 'lost';
    return summary?.state === 'conflicted' ? 'conflicted' : 'held';
  }

  async resume(slug: Slug, taking: string, notes: WorkNotes): Promise<void> {
    const token = { slug, id: taking };
    await this.#sessions.carryOn(token, this.#filesOf(slug, notes));
    this.#tokens.set(slug, token);
  }

  async workspaceOf(slug: Slug): Promise<string | undefined> {
    return (await this.#sessions.workspaceOf(slug))?.directory;
  }

  async place(slug: Slug): Promise<PlacedWork> {
    const token = this.#require(slug);
    const { workspace } = await this.#sessions.place(slug, { kind: this.#options.workspace });
    const { directory } = workspace;
    const { agent, environment: surroundings } = this.#sessions.surroundings;
    const plan = await this.#sessions.text(slug, planName);
    const place = { directory, upstream: this.#sessions.hub.gitDirectory };
    const { bin } = this.#options;
    const environment = {
      ...surroundings,
      ...sessionVariables({ slug, branch: workspace.record.branch, agent, claim: token.id, place }),
      SESSION_WORKSPACE: directory,
      SESSION_GOAL: goalOrTitle(plan) || slug,
      SESSION_PLAN: this.#planPath(slug, directory, plan),
      MICELIO_MIC: join(bin, 'mic'),
      MICELIO_AGENT_NAME: agent.name,
      MICELIO_AGENT_EMAIL: agent.email,
      PATH: [surroundings.PATH, bin].filter((part) => part !== undefined && part !== '').join(delimiter),
    };
    return { directory, environment, secrets: [...secretValues(surroundings), ...secretWords(directory)] };
  }

  /** Where a program can read the plan: work that was kept of an earlier attempt may have an older one with it. */
  #planPath(slug: Slug, directory: string, plan: string): string {
    const { hub } = this.#sessions.ledger;
    const inWorkspace = join(directory, hub.layout.session('active', slug), planName);
    if (existsSync(inWorkspace) && readFileSync(inWorkspace, 'utf8') === plan) return inWorkspace;
    const path = join(this.#options.records, `${slug}.md`);
    writeFileSync(path, plan);
    return path;
  }

  async renew(slug: Slug): Promise<void> {
    await this.#sessions.ledger.renew(this.#require(slug));
  }

  async note(slug: Slug, notes: WorkNotes): Promise<void> {
    await this.#sessions.ledger.edit({
      slug,
      by: this.#sessions.surroundings.agent,
      message: 'docs: what an agent program did',
      token: this.#require(slug),
      files: this.#filesOf(slug, notes),
    });
  }

  async noteEnd(slug: Slug, attempts: (before: string) => string): Promise<void> {
    const { agent: by } = this.#sessions.surroundings;
    const files = this.#filesOf(slug, { attempts });
    await this.#sessions.ledger.edit({ slug, by, message: 'docs: how an attempt ended', files });
  }

  async commitRest(slug: Slug): Promise<void> {
    // What is left in the workspace is somebody else's, once the program or a person has given the session away.
    this.#requireHeldStill(slug);
    const workspace = await this.#sessions.workspaceOf(slug);
    if (workspace === undefined) return;
    await commitRest(workspace, `[${slug}] ${restMessage}`, this.#sessions.surroundings.agent);
  }

  async complete(slug: Slug, unmet: string | undefined): Promise<CompletedWork> {
    this.#requireHeldStill(slug);
    // The program may have changed what is there.
    this.#sessions.ledger.lookAgain();
    try {
      const done = await completeSession(this.#sessions, {
        ...{ slug, message: undefined, unmet, workspace: 'remove' },
      });
      if (done.outcome === 'conflict') return { outcome: 'conflict', paths: done.paths };
      this.#tokens.delete(slug);
      return { outcome: 'completed', left: await this.#noteLeft(slug, done.workspace) };
    } catch (error) {
      if (error instanceof MicelioError && refusals.includes(error.code))
        return { outcome: 'refused', reason: error.message };
      throw error;
    }
  }

  async release(slug: Slug, notes: WorkNotes): Promise<void> {
    const token = this.#requireHeldStill(slug);
    // Who comes late leaves the workspace as it is.
    this.#sessions.ledger.lookAgain();
    const claim = await this.#sessions.requireClaim(token);
    const workspace = await this.#sessions.workspaceOf(slug);
    // Before the release: afterwards somebody else on this machine may have it, with a workspace in the same place.
    const removed = workspace && (await this.#remove(workspace));
    const left = removed && leftText(removed, this.#options.removedLines);
    const elsewhere = await this.#send(claim, removed);
    const worklog = [notes.worklog, left, elsewhere]
      .filter((text) => text !== undefined && text !== '')
      .join('\n\n');
    this.#sessions.held.forget(slug);
    await this.#sessions.ledger.release({ token, files: this.#filesOf(slug, { ...notes, worklog }) });
    this.#tokens.delete(slug);
  }

  /** Sends what is kept to where a remote decides; returns what the worklog says to those who are on other machines. */
  async #send(claim: HeldClaim, left: LeftWorkspace | undefined): Promise<string | undefined> {
    if (this.#sessions.ledger.decider.kind !== 'remote') return undefined;
    const sent = await sendWork(this.#sessions, claim);
    const unkept = left?.outcome === 'stays' ? 'workspace' : (left?.aside?.files ?? 0);
    return leftBehindText({ sent, unkept });
  }

  async shelve(slug: Slug, attempts: (before: string) => string): Promise<void> {
    const { agent: by } = this.#sessions.surroundings;
    const files = this.#filesOf(slug, { attempts });
    await this.#sessions.ledger.move({ event: 'revise', slug, by, files });
  }

  async tidy(slug: Slug): Promise<string> {
    const left = await clearAway(this.#sessions, slug);
    this.#sessions.held.forget(slug);
    return this.#noteLeft(slug, left);
  }

  /** Keeps what a workspace holds, and removes it; one that cannot be kept or removed is left. */
  async #remove(workspace: GitWorkspace): Promise<LeftWorkspace> {
    try {
      return { outcome: 'removed', ...(await removeWorkspace(this.#sessions, workspace)) };
    } catch (error) {
      if (!(error instanceof MicelioError)) throw error;
      return { outcome: 'stays', directory: workspace.directory, reason: error.message };
    }
  }

  /** What became of the workspace of a completed session; the worklog gets it as well. */
  async #noteLeft(slug: Slug, workspace: LeftWorkspace | undefined): Promise<string> {
    const left = workspace === undefined ? '' : leftText(workspace, this.#options.removedLines);
    if (left === '') return left;
    const { agent: by } = this.#sessions.surroundings;
    const files = this.#filesOf(slug, { worklog: left });
    await this.#sessions.ledger.edit({ slug, by, message: 'docs: what became of the workspace', files });
    return left;
  }

  #filesOf(slug: Slug, { worklog, attempts }: WorkNotes): SessionFileEdit[] {
    const { agent, clock } = this.#sessions.surroundings;
    const files: SessionFileEdit[] = [];
    if (worklog !== undefined && worklog !== '') {
      const entry = { atMs: clock.now(), author: agent.name, text: worklog };
      files.push(textEdit(worklogName as FileName, (before) => withWorklogEntry(before, slug, entry)));
    }
    if (attempts !== undefined) files.push(textEdit(attemptsFile, attempts));
    return files;
  }

  #require(slug: Slug): ClaimToken {
    const token = this.#tokens.get(slug);
    if (token === undefined) throw new ClaimLost(slug, undefined);
    return token;
  }

  /** The same, where nobody on this machine has taken the session over by hand. */
  #requireHeldStill(slug: Slug): ClaimToken {
    const token = this.#require(slug);
    if (this.#sessions.held.get(slug)?.token.id === token.id) return token;
    throw new ClaimLost(slug, undefined);
  }
}

/** What became of a workspace on this machine, as Markdown; empty where all of it is kept in git. */
function leftText(left: LeftWorkspace, removedLines: HubAgentOptions['removedLines']): string {
  if (left.outcome === 'stays')
    return `Its workspace was left where it is, ${left.directory}: ${left.reason}`;
  const items = removedLines(left).map((line) => line.replace(/^ */, '$&- '));
  return items.length === 0 ? '' : `Its workspace on ${hostname()} is removed.\n\n${items.join('\n')}`;
}

function textEdit(path: FileName, change: (before: string) => string): SessionFileEdit {
  return { path, change: (before) => Buffer.from(change(before?.toString('utf8') ?? '')) };
}

/** What a session is for: what its plan says of it, or its title. */
function goalOrTitle(text: string): string {
  const plan = parsePlan(text);
  return goalOf(text, plan) ?? plan.title;
}
