import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The variable by which all processes of one run are found, whatever became of their parents. */
export const runVariable = 'MICELIO_RUN';

/** Between two looks whether processes have gone, in ms. */
const lookMs = 20;
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

/** Ends what a runner that was killed has left of the run `run`, whose first process was `first`. */
export async function endLeftBehind(
  run: string,
  first: ProcessIdentity | undefined,
  graceMs: number,
): Promise<void> {
  if (existsSync('/proc/self/environ')) {
    await endAll((signal) => {
      const pids = processesOfRun(run);
      for (const pid of pids) signalTo(pid, signal);
      return pids.length > 0;
    }, graceMs);
  } else if (first !== undefined && identityOf(first.pid)?.started === first.started) {
    await endGroup(first.pid, graceMs);
  }
}

type Signal = NodeJS.Signals | 0;

/** `send` says whether there was anybody to get the signal. */
async function endAll(send: (signal: Signal) => boolean, graceMs: number): Promise<void> {
  for (const [signal, waitMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', killedMsMax],
  ] as const) {
    if (!send(signal)) return;
    const deadline = performance.now() + waitMs;
    while (send(0)) {
      if (performance.now() >= deadline) break;
      await sleep(lookMs);
    }
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

/** Processes that were started for a run. One that has ended and was not waited for has no environment. */
function processesOfRun(run: string): number[] {
  const wanted = `${runVariable}=${run}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => read(`/proc/${name}/environ`).split('\0').includes(wanted))
    .map(Number);
}

/** The start, in ticks since the system was started, and which start of the system that was. */
function startedInProc(pid: number): string | undefined {
  // The name of the program, in parentheses, may have anything in it.
  const fields = read(`/proc/${pid}/stat`).split(')').at(-1)!.trim().split(' ');
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
