import { readRefs } from '../../git/refs.ts';
import { claimRefs } from '../../ledger/git/layout.ts';
import type { HubSessions } from '../hub/hub-sessions.ts';

/**
 * A text that is another one after anything has changed in the ledger, for the price of one small process; undefined
 * where a remote decides, and asking it costs as much as looking.
 */
export async function hubMark({ ledger, hub }: HubSessions): Promise<string | undefined> {
  if (ledger.decider.kind === 'remote') return undefined;
  const refs = await readRefs(hub, [claimRefs, ledger.hub.main]);
  return Array.from(refs, (entry) => entry.join(' ')).join('\n');
}

/** How often to look whether anything has changed, in ms, where nobody says otherwise. */
export function lookIntervalMs({ ledger }: HubSessions): number {
  return ledger.decider.kind === 'remote' ? 15_000 : 1000;
}
