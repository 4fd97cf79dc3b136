import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from './agent-error.ts';
import { endGroup, identityOf, type ProcessIdentity } from './process-group.ts';
import type { ProgramOutput } from './program-output.ts';

/**
 * Waits for a word on descriptor 3, and then becomes the program. Whoever starts it can note its process before the
 * program does anything; and if it dies before that, the program never begins.
 */
const gate = 'read -r _ <&3 || exit 125; exec 3<&-; exec /bin/sh -c "$1"';

/** What is still to come when a program and its group have ended, is waited for so long, in ms. */
const outputMsMax = 1000;

export interface ProgramRequest {
  /** Any command line of the shell. */
  readonly command: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly output: ProgramOutput;
  /** From asking its processes to end to killing them, in ms. */
  readonly killAfterMs: number;
}

export type ProgramEnd =
  | { readonly how: 'exited'; readonly code: number }
  | { readonly how: 'killed'; readonly signal: string };

/** An agent program, in a process group of its own, with nothing to read. */
export class AgentProgram {
  /** Its first process; undefined where it has gone already. */
  readonly identity: ProcessIdentity | undefined;
  /** Ends when no process of its group is left, and its output was taken. */
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcess;
  readonly #killAfterMs: number;

  private constructor(child: ChildProcess, request: ProgramRequest) {
    this.#child = child;
    this.#killAfterMs = request.killAfterMs;
    this.identity = identityOf(child.pid!);
    this.ended = this.#watch(request.output);
  }

  /** Starts a process that becomes the program once `go` is called. Throws `agent/not-startable`. */
  static async start(request: ProgramRequest): Promise<AgentProgram> {
    const { command, directory, environment } = request;
    const child = spawn('/bin/sh', ['-c', gate, 'sh', command], {
      cwd: directory,
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    try {
      await once(child, 'spawn');
    } catch (cause) {
      throw new AgentError(
        'agent/not-startable',
        `The shell cannot be started in "${directory}" (${(cause as Error).message}).`,
        { cause },
      );
    }
    return new AgentProgram(child, request);
  }

  go(): void {
    const word = this.#child.stdio[3] as Writable;
    // Where it was killed before, nobody reads.
    word.on('error', () => {});
    word.end('go\n');
  }

  /** Ends the program and all that it has started in its group. */
  async stop(): Promise<void> {
    await endGroup(this.#child.pid!, this.#killAfterMs);
  }

  async #watch(output: ProgramOutput): Promise<ProgramEnd> {
    const child = this.#child;
    const closed = once(child, 'close');
    for (const stream of [child.stdout!, child.stderr!]) {
      const take = output.stream();
      stream.on('data', take);
      stream.once('close', () => take(undefined));
    }
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    // What it has left running would write into a workspace that is about to be completed.
    await this.stop();
    await Promise.race([closed, sleep(outputMsMax, undefined, { ref: false })]);
    for (const stream of [child.stdout!, child.stderr!]) stream.destroy();
    await closed;
    return code === null ? { how: 'killed', signal: signal ?? 'a signal' } : { how: 'exited', code };
  }
}
