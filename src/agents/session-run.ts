import type { Clock } from '../base/clock.ts';
import { hasCode, MicelioError } from '../base/error.ts';
import { type Random, randomText } from '../base/random.ts';
import type { Slug } from '../session/plan/slug.ts';
import { Redactor } from '../session/redaction.ts';
import type { AgentEvent, AgentEventKind } from './agent-event.ts';
import { AgentProgram, type ProgramEnd } from './agent-program.ts';
import type { AgentWork, PlacedWork, WaitingSession } from './agent-work.ts';
import { type AttemptEvent, attemptStanding, withAttempt } from './attempts.ts';
import { Heartbeat } from './heartbeat.ts';
import { endLeftBehind, runVariable } from './process-group.ts';
import { ProgramOutput } from './program-output.ts';
import type { RunHold, RunRecord } from './run-records.ts';

export interface RunSettings {
  /** Any command line of the shell. */
  readonly command: string;
  /** Whether what the program leaves uncommitted is committed. */
  readonly rest: 'commit' | 'leave';
  /** Why criteria that are open when the program ends well are left so; undefined: they count as a failure. */
  readonly unmet: string | undefined;
  /** After so many failures a session is left to people. */
  readonly attemptsMax: number;
  /** From asking a program to end to killing it, in ms. */
  readonly killAfterMs: number;
}

/** What runs of sessions need. */
export interface RunContext {
  readonly work: AgentWork;
  readonly settings: RunSettings;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted: programs are ended, and their sessions put back. */
  readonly terminate: AbortSignal;
  readonly tell: (event: AgentEvent) => void;
}

/** How a run ended. `gone`: somebody else was faster, and nothing happened. */
export type RunEnd = 'gone' | Exclude<AgentEventKind, 'claimed' | 'taken-over' | 'resumed' | 'problem'>;

const runIdLength = 16;

/**
 * One session in the hands of a runner, from its claim to its end:
 *
 *   taking ──▶ working ──exit 0──▶ finishing ──▶ completed, or conflicted
 *                │                    │ not as it must be
 *                └──any other end─────┴──▶ giving-back ──▶ planned, or after too many failures drafting
 *
 * Before each step the record says what is about to happen, so that whoever finds it after a kill knows where to go on.
 */
export class SessionRun {
  readonly #context: RunContext;
  readonly #hold: RunHold;
  readonly #slug: Slug;
  readonly #run: string;
  /** Which taking of the session this is. */
  #taking: string;
  /** The attempts of the session so far, this one included. */
  #tried = 0;

  constructor(context: RunContext, hold: RunHold) {
    this.#context = context;
    this.#hold = hold;
    this.#slug = hold.slug;
    this.#run = randomText(context.random, runIdLength);
    this.#taking = this.#run;
  }

  /** Takes a session and runs it. Errors that are nobody's fault leave it as it is, to be resumed. */
  async begin(session: WaitingSession): Promise<RunEnd> {
    const { work } = this.#context;
    const before = attemptStanding(session.attempts);
    if (session.found === 'planned' && before.count >= this.#context.settings.attemptsMax) {
      return this.#shelve();
    }
    // Whoever finds this record knows by it whether the session was taken.
    this.#note({ phase: 'taking' });
    const taken = await work.take(session, this.#taking, { attempts: (text) => this.#started(text) });
    if (taken === 'gone') {
      this.#hold.forget();
      return 'gone';
    }
    this.#tell(session.found === 'planned' ? 'claimed' : 'taken-over');
    return this.#held(() => this.#work());
  }

  /** Goes on with a session that a runner of this machine has left behind. */
  async resume(record: RunRecord): Promise<RunEnd> {
    const { work, settings } = this.#context;
    await endLeftBehind(record.run, record.process, settings.killAfterMs);
    this.#taking = record.taking;
    const standing = await work.standing(this.#slug, this.#taking);
    if (standing === 'completed') return this.#completed();
    // What has become of it since is noted where it was done, and the next start says that this attempt was interrupted.
    if (standing !== 'held' && standing !== 'conflicted') {
      this.#hold.forget();
      return 'gone';
    }
    return this.#held(async () => {
      const isAnew = standing === 'held' && (record.phase === 'taking' || record.phase === 'working');
      await work.resume(this.#slug, this.#taking, isAnew ? { attempts: (text) => this.#started(text) } : {});
      if (standing === 'conflicted') return this.#conflicted('when its runner was killed');
      this.#tell('resumed');
      return isAnew ? this.#work() : this.#end(record);
    });
  }

  /** Goes on where the program had ended already. */
  #end({ phase, failure }: RunRecord): Promise<RunEnd> {
    if (phase === 'finishing') return this.#finish('The program had ended well when its runner was killed.');
    return failure === undefined ? this.#putBack('') : this.#failed(failure);
  }

  /** Does something while the claim is kept. */
  async #held(action: () => Promise<RunEnd>): Promise<RunEnd> {
    try {
      return await action();
    } catch (error) {
      if (hasCode(error, 'session/claim-lost')) return this.#lost();
      throw error;
    }
  }

  async #work(): Promise<RunEnd> {
    const { settings, work, terminate } = this.#context;
    if (this.#tried > settings.attemptsMax) return this.#failed('It was interrupted too often.');
    const heartbeat = new Heartbeat(work, this.#slug, (problem) => this.#tell('problem', wordsOf(problem)));
    try {
      let placed: PlacedWork;
      try {
        placed = await work.place(this.#slug);
      } catch (error) {
        if (!isOwn(error) || hasCode(error, 'session/claim-lost')) throw error;
        return await this.#failed(`Its workspace could not be made: ${error.message}`);
      }
      const { end, tail } = await this.#program(placed, heartbeat.lost);
      if (heartbeat.lost.aborted) return await this.#lost();
      if (terminate.aborted) return await this.#putBack(tail);
      if (end.how === 'killed') return await this.#failed(`The program was ended by ${end.signal}.`, tail);
      if (end.code !== 0) return await this.#failed(`The program ended with exit code ${end.code}.`, tail);
      return await this.#finish(tail);
    } finally {
      await heartbeat.stop();
    }
  }

  /** Runs the program to its end. */
  async #program(
    { directory, environment, secrets }: PlacedWork,
    lost: AbortSignal,
  ): Promise<{ readonly end: ProgramEnd; readonly tail: string }> {
    const { command, killAfterMs } = this.#context.settings;
    const output = new ProgramOutput(this.#hold.logPath, new Redactor(secrets));
    output.say(`--- ${this.#now()}, attempt ${this.#tried}`);
    try {
      this.#note({ phase: 'working' });
      const own = { [runVariable]: this.#run, SESSION_ATTEMPT: String(this.#tried) };
      const program = await AgentProgram.start({
        ...{ command, directory, output, killAfterMs },
        environment: { ...environment, ...own },
      });
      const { identity } = program;
      this.#note({ phase: 'working', ...(identity && { process: identity }) });
      const end = AbortSignal.any([lost, this.#context.terminate]);
      let stopped: Promise<void> = Promise.resolve();
      const stop = () => {
        stopped = program.stop();
      };
      end.addEventListener('abort', stop, { once: true });
      program.go();
      if (end.aborted) stop();
      try {
        const ended = await program.ended;
        await stopped;
        return { end: ended, tail: output.tail };
      } finally {
        end.removeEventListener('abort', stop);
      }
    } finally {
      await output.close();
    }
  }

  /** After the program has ended well. */
  async #finish(tail: string): Promise<RunEnd> {
    const { work, settings } = this.#context;
    this.#note({ phase: 'finishing' });
    const heartbeat = new Heartbeat(work, this.#slug, (problem) => this.#tell('problem', wordsOf(problem)));
    try {
      if (settings.rest === 'commit') {
        try {
          await work.commitRest(this.#slug);
        } catch (error) {
          if (!isOwn(error) || hasCode(error, 'session/claim-lost')) throw error;
          return await this.#failed(
            `What was left uncommitted could not be committed: ${error.message}`,
            tail,
          );
        }
      }
      await work.note(this.#slug, { worklog: worklogOf('The program ended well.', tail) });
      const done = await work.complete(this.#slug, settings.unmet);
      if (done.outcome === 'completed') return this.#over('completed', done.left);
      if (done.outcome === 'refused') return await this.#failed(done.reason);
      return await this.#conflicted(`on ${done.paths.join(', ')}`);
    } finally {
      await heartbeat.stop();
    }
  }

  /** The work is kept, and the session goes back; to people, if it has failed too often. */
  async #failed(reason: string, tail = ''): Promise<RunEnd> {
    const { work, settings } = this.#context;
    this.#note({ phase: 'giving-back', failure: reason });
    await work.release(this.#slug, {
      worklog: worklogOf(reason, tail),
      attempts: (text) => {
        const ended = this.#ended(text, 'failed', reason);
        this.#tried = attemptStanding(ended).count;
        return ended;
      },
    });
    return this.#tried < settings.attemptsMax ? this.#over('failed', reason) : this.#shelve(reason);
  }

  async #conflicted(where: string): Promise<RunEnd> {
    const { work } = this.#context;
    await work.note(this.#slug, { attempts: (text) => this.#ended(text, 'conflict', where) });
    return this.#over('conflicted', where);
  }

  async #shelve(reason = 'It failed too often.'): Promise<RunEnd> {
    await this.#context.work.shelve(this.#slug, (text) => this.#ended(text, 'given-up', undefined));
    return this.#over('given-up', reason);
  }

  async #putBack(tail: string): Promise<RunEnd> {
    this.#note({ phase: 'giving-back' });
    await this.#context.work.release(this.#slug, {
      worklog: worklogOf('The program was ended, because its runner was.', tail),
      attempts: (text) => this.#ended(text, 'put-back', undefined),
    });
    return this.#over('put-back');
  }

  /**
   * The claim is gone, and what is left in the workspace is not touched: the program itself has completed the session, given
   * it back or abandoned it, as whoever works beside it may have, or what a killed runner had under way; or somebody else has
   * taken it.
   */
  async #lost(): Promise<RunEnd> {
    const { work } = this.#context;
    const standing = await work.standing(this.#slug, this.#taking);
    if (standing === 'completed') return this.#completed();
    const directory = await work.workspaceOf(this.#slug);
    const place =
      directory === undefined
        ? 'It has no workspace here any more; what that held is kept.'
        : `Its workspace was left as it is: ${directory}`;
    if (standing === 'given-back') return this.#givenBack(place);
    if (standing === 'shelved') {
      await this.#noteEnd('given-up', 'It was put back to drafting while its program ran.');
      return this.#over('given-up', `It was put back to drafting while its program ran. ${place}`);
    }
    if (standing === 'abandoned')
      return this.#over('abandoned', `It was abandoned while its program ran. ${place}`);
    return this.#over('lost', `Somebody else has taken it. ${place}`);
  }

  /** A program that cannot do it now may be able to later, so it counts as a failure does. */
  async #givenBack(place: string): Promise<RunEnd> {
    const { attemptsMax } = this.#context.settings;
    const reason = 'It was given back while its program ran.';
    const tried = await this.#noteEnd('given-back', reason);
    return tried < attemptsMax ? this.#over('given-back', `${reason} ${place}`) : this.#shelve(reason);
  }

  /** Notes how this attempt ended, though the session is not held any more; returns how many there were. */
  async #noteEnd(event: AttemptEvent, reason: string): Promise<number> {
    let tried = this.#tried;
    await this.#context.work.noteEnd(this.#slug, (text) => {
      const ended = this.#ended(text, event, reason);
      tried = attemptStanding(ended).count;
      return ended;
    });
    return tried;
  }

  async #completed(): Promise<RunEnd> {
    return this.#over('completed', await this.#context.work.tidy(this.#slug));
  }

  #over(kind: Exclude<RunEnd, 'gone'>, words?: string): RunEnd {
    this.#hold.forget();
    this.#tell(kind, words);
    return kind;
  }

  #started(text: string): string {
    const started = this.#ended(text, 'started', undefined);
    this.#tried = attemptStanding(started).count;
    return started;
  }

  #ended(text: string, event: AttemptEvent, reason: string | undefined): string {
    const { clock, work } = this.#context;
    return withAttempt(text, {
      ...{ event, atMs: clock.now(), by: work.worker },
      ...(reason !== undefined && { reason }),
    });
  }

  #note(record: Omit<RunRecord, 'run' | 'taking'>): void {
    this.#hold.write({ run: this.#run, taking: this.#taking, ...record });
  }

  #tell(kind: AgentEventKind, words = ''): void {
    this.#context.tell({ kind, slug: this.#slug, ...(words !== '' && { words }) });
  }

  #now(): string {
    return new Date(this.#context.clock.now()).toISOString();
  }
}

/** An entry of the worklog: what happened, and the end of what the program said as it stands. */
function worklogOf(what: string, tail: string): string {
  if (tail === '') return what;
  // A longer fence than any inside.
  const longest = Math.max(2, ...Array.from(tail.matchAll(/`+/g), ([marks]) => marks.length));
  const fence = '`'.repeat(longest + 1);
  return `${what} The end of its output:\n\n${fence}\n${tail}\n${fence}`;
}

function isOwn(error: unknown): error is MicelioError {
  return error instanceof MicelioError;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
