import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One line of a table of results. */
export interface Row {
  readonly what: string;
  readonly value: string;
  /** What it is compared with, and by how much; the aim. */
  readonly against?: string;
  readonly ratio?: string;
  readonly aim?: string;
}

/** A benchmark: its name is its file's. */
export type Benchmark = (say: (text: string) => void) => Promise<readonly Row[]>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/**
 * Runs alternatives in turn, `rounds` times, so that a noisy moment hits all of them, and returns the times in ms. A
 * round of its own before that warms up.
 */
export async function sideBySide<Name extends string>(
  rounds: number,
  alternatives: Readonly<Record<Name, { readonly prepare?: () => unknown; readonly run: () => unknown }>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(alternatives) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      await alternatives[name].prepare?.();
      const ms = await timed(alternatives[name].run);
      if (round >= 0) times[name].push(ms);
    }
  }
  return times;
}

/** The median of the ratios of two alternatives, round by round: what noise of the machine has the least part in. */
export function medianRatio(a: readonly number[], b: readonly number[]): number {
  return median(a.map((value, i) => value / b[i]!));
}

/** Runs a program and throws when it fails. */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  });
  if (error) throw error;
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr.slice(-2000)}`);
  return stdout;
}

export function has(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

/** A directory that is gone when `work` has ended. */
export async function inScratch<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-bench-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export function ms(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`;
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

export function times(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)}×`;
}
