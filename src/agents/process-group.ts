import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from './agent-error.ts';

/** The variable by which all processes of one run are found, whatever became of their parents. */
export const runVariable = 'MICELIO_RUN';

/** Between two looks whether processes have gone, in ms. */
const lookMs = 20;
/** Processes have gone when so many looks, one after another, have not seen them. */
const looksUnseen = 2;
/** After SIGKILL, a process is given this long to go, in ms: it may be in the middle of a system call. */
const killedMsMax = 5000;

/** A process as it can be told from a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it was started, as the system says. */
  readonly started: string;
}

/** The identity of a process that runs; undefined for one that has gone. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const started = existsSync('/proc/self/stat') ? startedInProc(pid) : startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Ends a group of processes: asks them to, and after `graceMs` kills them. Ends when they have gone. */
export async function endGroup(leader: number, graceMs: number): Promise<void> {
  await endAll((signal) => signalTo(-leader, signal), graceMs);
}

/**
 * Ends what a runner that was killed has left of the run `run`, whose first process was `first`: its group, and where the
 * system tells the environments of processes, also those that have left the group. Throws `agent/not-ended`.
 */
export async function endLeftBehind(
  run: string,
  first: ProcessIdentity | undefined,
  graceMs: number,
): Promise<void> {
  let pids: readonly number[] = [];
  const isGone = await endAll((signal) => {
    const leader =
      first !== undefined && identityOf(first.pid)?.started === first.started ? first.pid : undefined;
    // Nobody gets a signal twice: many programs take that for more than once.
    const others = processesOfRun(run).filter((pid) => leader === undefined || groupOf(pid) !== leader);
    if (leader !== undefined) signalTo(-leader, signal);
    for (const pid of others) signalTo(pid, signal);
    pids = leader === undefined ? others : [leader, ...others];
    return pids.length > 0;
  }, graceMs);
  if (isGone) return;
  throw new AgentError(
    'agent/not-ended',
    `The processes ${pids.join(', ')} of a runner that was killed cannot be ended, and its session is not run again beside them. End them; it goes on by itself then.`,
  );
}

type Signal = NodeJS.Signals | 0;

/** `send` says whether there was anybody to get the signal. Says whether they have gone. */
async function endAll(send: (signal: Signal) => boolean, graceMs: number): Promise<boolean> {
  send('SIGTERM');
  if (await gone(() => send(0), graceMs)) return true;
  // Again at each look: what was started between two of them has not been asked yet.
  return gone(() => send('SIGKILL'), killedMsMax);
}

/** Looks until nobody is there, for at most `ms`. */
async function gone(isAnybody: () => boolean, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  let unseen = 0;
  for (;;) {
    unseen = isAnybody() ? 0 : unseen + 1;
    // Who starts another program, or has just been started, may escape one look.
    if (unseen === looksUnseen) return true;
    if (performance.now() >= deadline) return false;
    await sleep(lookMs);
  }
}

function signalTo(pid: number, signal: Signal): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    // Not ours any more: whoever has that number now is left alone.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}

/** Processes that were started for a run, as far as the system tells. One that has ended and was not waited for has no environment. */
function processesOfRun(run: string): number[] {
  if (!existsSync('/proc/self/environ')) return [];
  const wanted = `${runVariable}=${run}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => read(`/proc/${name}/environ`).split('\0').includes(wanted))
    .map(Number);
}

/** What `/proc` says of a process behind its number and name. The name, in parentheses, may have anything in it. */
function statusOf(pid: number): string[] {
  return read(`/proc/${pid}/stat`).split(')').at(-1)!.trim().split(' ');
}

function groupOf(pid: number): number {
  return Number(statusOf(pid)[2]);
}

/** The start, in ticks since the system was started, and which start of the system that was. */
function startedInProc(pid: number): string | undefined {
  const fields = statusOf(pid);
  const [ticks, state] = [fields[19], fields[0]];
  if (ticks === undefined || state === 'Z') return undefined;
  return `${read('/proc/sys/kernel/random/boot_id').trim()} ${ticks}`;
}

function startedByPs(pid: number): string | undefined {
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { stdio: 'pipe' });
    return started.toString('latin1').trim() || undefined;
  } catch {
    // ps fails where there is no such process.
    return undefined;
  }
}

/** Empty for what cannot be read: it has gone, or is somebody else's. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
