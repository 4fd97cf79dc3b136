import { HubScratch } from './hub-scratch.ts';

/**
 * What the documents that sessions were first described in tell to type, as it stands there. Where that does not hold
 * (docs/decisions/0010-the-git-ledger.md), the line that was written is in a comment, with what stands for it.
 * The scripts themselves are in `first-scripts.test.ts`.
 */

/** The names of the documents have no date; a session's has. */
export const dated = (words: string) => `2025-10-14-${words}`;

/** A hub with planned sessions. */
export async function hubWith(...names: readonly string[]): Promise<HubScratch> {
  const scratch = await HubScratch.create({ 'feature.py': 'pass\n' });
  for (const name of names) await scratch.planned(name, `--slug=${dated(name)}`);
  return scratch;
}
