import { readdirSync, statSync } from 'node:fs';
import { isAbsent } from '../../base/system-error.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';

/** Whether a workspace may take the place `directory`: nothing is there, or an empty directory. */
export function isFree(directory: string): boolean {
  try {
    return statSync(directory).isDirectory() && readdirSync(directory).length === 0;
  } catch (error) {
    if (isAbsent(error)) return true;
    throw workspaceErrorFrom(error, `look into "${directory}"`);
  }
}
