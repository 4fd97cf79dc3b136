import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { planName } from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { workspaceErrorFrom } from '../../workspace/workspace-error.ts';
import type { HubSessions } from './hub-sessions.ts';

const readOnly = 0o444;

/** Makes the plan in a session's folder read-only, where there is one: git itself does not keep such a mode. */
export function protectPlan(folder: string): void {
  const path = join(folder, planName);
  if (!existsSync(path)) return;
  try {
    chmodSync(path, readOnly);
  } catch (error) {
    throw workspaceErrorFrom(error, `make "${path}" read-only`);
  }
}

/** The same in all checkouts of main. */
export async function protectPlans(
  { ledger }: HubSessions,
  slug: Slug,
  folder: 'active' | 'completed',
): Promise<void> {
  for (const { directory } of await ledger.hub.checkouts())
    protectPlan(join(directory, ledger.hub.layout.session(folder, slug)));
}
