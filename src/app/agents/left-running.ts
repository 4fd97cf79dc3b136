import { join } from 'node:path';
import { endLeftBehind } from '../../agents/process-group.ts';
import { RunRecords } from '../../agents/run-records.ts';
import type { Repository } from '../../git/repository.ts';
import type { Slug } from '../../session/plan/slug.ts';

/** From asking a program to end to killing it, in ms. */
const killAfterMs = 5000;

/** Where the runners of this machine note what they run, absolute. */
export function runRecordsFolder(hub: Repository): string {
  return join(hub.gitDirectory, 'micelio', 'agents');
}

/**
 * Ends the program that a killed runner of this machine has left running of a session, for whoever works on it from now on.
 * Throws `agent/not-ended`.
 */
export async function endLeftRunning(hub: Repository, slug: Slug): Promise<void> {
  const hold = new RunRecords(runRecordsFolder(hub)).take(slug);
  // A runner that lives ends its program itself, once it sees that it has lost the session.
  if (hold === undefined) return;
  try {
    const record = hold.read();
    if (record === undefined) return;
    await endLeftBehind(record.run, record.process, killAfterMs);
    hold.forget();
  } finally {
    hold.release();
  }
}
