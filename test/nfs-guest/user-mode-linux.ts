import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';

/** A directory of this machine that a guest sees. */
export interface Share {
  readonly directory: string;
  /** Where it is in the guest; at the same path unless told otherwise. */
  readonly at?: string;
  readonly access: 'read-only' | 'read-write';
}

export interface Machine {
  readonly process: ChildProcess;
  /** The guest's first serial line. */
  readonly line: Duplex;
  /** The end of what the kernel and the boot scripts wrote, for when they failed. */
  console(): string;
}

export interface MachineOptions {
  /** The folder of this guest alone. */
  readonly job: string;
  readonly prepared: string;
  /** The path of the network namespace. */
  readonly namespace: string;
  readonly shares: readonly Share[];
  readonly memoryMiB: number;
  /** The processor of this machine to run on. */
  readonly processor: number;
}

/**
 * Starts user-mode Linux: Debian's kernel as a process. It runs where this machine's root is read-only save for the job
 * folder and the shares; in a process namespace, so that the traced children go when it goes; and on one processor, for
 * it and its children take turns, three times as fast when they stay on one.
 */
export function startMachine(options: MachineOptions): Machine {
  const { job, prepared, namespace, shares, memoryMiB, processor } = options;
  const lines = shares.map(
    ({ directory, at = directory, access }) =>
      `${access === 'read-only' ? 'ro' : 'rw'}\t${directory}\t${at}\n`,
  );
  writeFileSync(join(job, 'shares'), lines.join(''));
  const writable = [
    job,
    ...shares.filter(({ access }) => access === 'read-write').map((share) => share.directory),
  ];
  const console = join(job, 'console');
  const consoleFile = openSync(console, 'a');
  const child = spawn(
    'nsenter',
    [
      `--net=${namespace}`,
      ...['setpriv', '--pdeathsig', 'KILL'],
      ...['unshare', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child=KILL'],
      ...['bash', '-c', readOnlyRoot, 'nfs-guest', String(writable.length), ...writable],
      ...['taskset', '--cpu-list', String(processor)],
      ...['env', `TMPDIR=${memoryDirectory(memoryMiB)}`, `LD_PRELOAD=${join(prepared, 'shim.so')}`],
      'linux.uml',
      `mem=${memoryMiB}M`,
      ...['rootfstype=hostfs', 'rootflags=/', 'ro', `init=/bin/bash`, `uml_dir=${job}/`, 'quiet'],
      'vec0:transport=tap,ifname=tap0,depth=128,gro=1',
      ...['con=null', 'con0=null,fd:3', 'ssl=null', 'ssl0=fd:4'],
      ...[`guest_job=${job}`, `guest_prepared=${prepared}`],
      ...['--', join(prepared, 'init.sh')],
    ],
    { stdio: ['ignore', consoleFile, consoleFile, consoleFile, 'pipe'] },
  );
  closeSync(consoleFile);
  return {
    process: child,
    line: child.stdio[4] as Duplex,
    console: () => readFileSync(console, 'utf8').slice(-3000),
  };
}

const readOnlyRoot = `
  count=$1; shift
  while [ "$count" -gt 0 ]; do mount --bind "$1" "$1" || exit 1; shift; count=$((count - 1)); done
  mount -o remount,bind,ro / || exit 1
  exec "$@"`;

/** Where the guest's memory lies: in memory if there is room, and otherwise in a temporary file. */
function memoryDirectory(memoryMiB: number): string {
  const { bavail, bsize } = statfsSync('/dev/shm');
  return bavail * bsize > memoryMiB * 2 ** 20 ? '/dev/shm' : tmpdir();
}

/** The processors that this process may run on. */
export function allowedProcessors(): number[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)![1]!;
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
}
