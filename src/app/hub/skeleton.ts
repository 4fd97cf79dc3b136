import { readFileSync } from 'node:fs';
import { packageRoot } from '../../base/package-root.ts';
import { gitMode } from '../../git/git-tree.ts';
import type { SkeletonFile } from '../../ledger/git/init/skeleton-file.ts';
import type { TreePath } from '../../tree/path.ts';

/** What every project gets. */
const packaged = new URL('share/agents/', packageRoot);
/** The SHA-256 of each version that a file has had, the newest last. */
const versionsFile = new URL('share/agent-versions.json', packageRoot);

/** The files that `mic init` lays out, from the agents' folder, as this version has them. */
export function packagedSkeleton(): readonly SkeletonFile[] {
  const versions = JSON.parse(readFileSync(versionsFile, 'utf8')) as Record<string, readonly string[]>;
  return Object.entries(versions).map(([path, hashes]) => ({
    path: path as TreePath,
    content: readFileSync(new URL(path, packaged)),
    mode: path.startsWith('sessions/_bin/') ? gitMode.executable : gitMode.file,
    earlier: new Set(hashes.slice(0, -1)),
  }));
}

/** The text of one of them, where a project has none of its own. */
export function packagedText(path: string): string {
  return readFileSync(new URL(path, packaged), 'utf8');
}
