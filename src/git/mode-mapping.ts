import type { FileEntry } from '../tree/entry.ts';
import { gitMode } from './git-tree.ts';

/**
 * The permissions of a file with `mode` in a git tree. Git knows 644 and 755; 664 is what early versions wrote, and is
 * kept so that such trees keep their id. Anything else reads as git reads it: by the owner's execute bit.
 */
export function permissionsOfMode(mode: number): number {
  if (mode === gitMode.groupWritableFile) return 0o664;
  return (mode & 0o100) === 0 ? 0o644 : 0o755;
}

/** The mode under which git keeps a file: any execute bit makes it executable, and 664 stays 664. */
export function modeOfFile(entry: FileEntry): number {
  if ((entry.mode & 0o111) !== 0) return gitMode.executable;
  return entry.mode === 0o664 ? gitMode.groupWritableFile : gitMode.file;
}
