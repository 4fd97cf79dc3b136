import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HubScratch } from '../agent-sessions/hub-scratch.ts';

const preload = fileURLToPath(new URL('./kill-at-step.ts', import.meta.url));

function environment(scratch: HubScratch, at: number): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${preload}`,
    MICELIO_KILL_AT: String(at),
    MICELIO_STEPS_FILE: join(scratch.directory, 'steps'),
  };
}

/** Runs a command of `mic` in the hub to its end, and returns of how many steps it was (`kill-at-step.ts`). */
export async function countSteps(scratch: HubScratch, args: readonly string[]): Promise<number> {
  const file = join(scratch.directory, 'steps');
  rmSync(file, { force: true });
  await scratch.mic(args, { in: scratch.hub, environment: environment(scratch, 0) });
  const steps = Number(readFileSync(file, 'utf8').split('\n')[0]);
  assert.ok(steps > 10, `${args.join(' ')} took ${steps} steps`);
  return steps;
}

/** Runs a command of `mic` in the hub, and kills it at a step; says whether it was done before. */
export async function killedAt(
  scratch: HubScratch,
  args: readonly string[],
  at: number,
): Promise<'killed' | 'ended'> {
  const { code } = await scratch.mic(args, {
    in: scratch.hub,
    environment: environment(scratch, at),
    exit: 'any',
  });
  return code === undefined ? 'killed' : 'ended';
}
