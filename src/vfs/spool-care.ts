import type { Volume } from './volume.ts';

const sql = 'SELECT spool FROM inode WHERE spool IS NOT NULL';

/** Removes spool files that belong to nothing: a process died between making or dropping one and writing that down. */
export function removeOrphans({ overlay, spool }: Volume): void {
  const files = spool.files();
  if (files.length === 0) return;
  const used = new Set(overlay.database.all(sql).map((row) => row.spool));
  for (const file of files) if (!used.has(file)) spool.remove(file);
}
