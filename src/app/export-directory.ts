import type { Hash } from '../base/hash.ts';
import type { OpenProject } from './micelio.ts';
import type { OnProgress } from './projects.ts';

/** Writes the files of a tree into `directory`, which is empty or does not exist. */
export async function exportToDirectory(
  _project: OpenProject,
  _tree: Hash,
  directory: string,
  _onProgress: OnProgress,
): Promise<{ readonly files: number }> {
  throw new Error(directory);
}
