import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FileEntry, SymlinkEntry } from '../../tree/entry.ts';
import type { ProjectContent } from '../project-content.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import type { Marker } from './marker.ts';
import { writeFiles } from './tree-writer.ts';

/** Writes files aside, each under its number: a disk that is full is found before anything was touched. */
export async function stageFiles(
  content: ProjectContent,
  marker: Marker,
  files: readonly { readonly entry: FileEntry | SymlinkEntry }[],
): Promise<void> {
  clearStaging(marker);
  const staged = files.map(({ entry }, index) => ({ path: String(index), entry }));
  await writeFiles(content, marker.stagingDirectory, staged);
}

export function stagedFile(marker: Marker, index: number): string {
  return join(marker.stagingDirectory, String(index));
}

/** Removes whatever was written aside. */
export function clearStaging(marker: Marker): void {
  try {
    mkdirSync(marker.stagingDirectory, { recursive: true });
    for (const name of readdirSync(marker.stagingDirectory)) {
      rmSync(join(marker.stagingDirectory, name), { recursive: true, force: true });
    }
  } catch (error) {
    throw workspaceErrorFrom(error, `empty "${marker.stagingDirectory}"`);
  }
}
