import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Repository } from '../../git/repository.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { withWorkspaceLock } from '../workspace-lock.ts';
import { privateDirectory } from './workspace-record.ts';

/** A workspace of many files takes its time, and whoever waits wants the same one. */
const waitMsMax = 10 * 60_000;

/**
 * Lets one process of this machine at a time make or delete the workspace of a session: what it finds half made or half
 * deleted is of one that was killed. Throws `workspace/busy`.
 */
export async function withPlaceLock<T>(hub: Repository, slug: Slug, work: () => Promise<T>): Promise<T> {
  const folder = join(privateDirectory(hub.gitDirectory), 'places');
  const file = join(folder, `${slug}.lock`);
  try {
    mkdirSync(folder, { recursive: true });
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw workspaceErrorFrom(error, `lock the workspace of ${slug} with "${file}"`);
  }
  return withWorkspaceLock(file, { wait: (ms) => delay(ms), waitMsMax }, work);
}
