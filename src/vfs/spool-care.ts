import type { Volume } from './volume.ts';

const sql = 'SELECT spool FROM inode WHERE spool IS NOT NULL';

/**
 * Puts the spool in order after a process has died: removes files that belong to nothing, since it died between making
 * or dropping one and writing that down, and has the others synced by the next sync, since it may not have got to that.
 */
export function mendSpool({ overlay, spool }: Volume): void {
  if (!overlay.wasInterrupted) return;
  const files = spool.files();
  const used = new Set(overlay.database.all(sql).map((row) => row.spool));
  for (const file of files) {
    if (used.has(file)) spool.distrust(file);
    else spool.remove(file);
  }
}
