import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAbsent } from '../../base/system-error.ts';
import type { Repository } from '../../git/repository.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { replaceFile } from '../replace-file.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { privateDirectory, type WorkspaceRecord } from './workspace-record.ts';

/** What a session's workspace is made as, unless it is said: what the last one was; a clone where there was none. */
export function usualKind(hub: Repository, slug: Slug): WorkspaceRecord['kind'] {
  const path = kindFile(hub, slug);
  try {
    return readFileSync(path, 'latin1').trim() === 'worktree' ? 'worktree' : 'clone';
  } catch (error) {
    if (isAbsent(error)) return 'clone';
    throw workspaceErrorFrom(error, `read "${path}"`);
  }
}

/** Remembers what a workspace is, for the next one of its session. */
export function noteKind(hub: Repository, { slug, kind }: WorkspaceRecord): void {
  if (usualKind(hub, slug) !== kind) replaceFile(kindFile(hub, slug), `${kind}\n`);
}

/** Forgets it again. */
export function forgetKind(hub: Repository, slug: Slug): void {
  const path = kindFile(hub, slug);
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw workspaceErrorFrom(error, `delete "${path}"`);
  }
}

function kindFile(hub: Repository, slug: Slug): string {
  return join(privateDirectory(hub.gitDirectory), 'places', `${slug}.kind`);
}
