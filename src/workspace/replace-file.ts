import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { workspaceErrorFrom } from './workspace-error.ts';

/** Writes a small file whole or not at all, with the directory that it is in. One process at a time does that to a path. */
export function replaceFile(path: string, text: string): void {
  const next = `${path}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(next, text);
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw workspaceErrorFrom(error, `write "${path}"`);
  }
}
