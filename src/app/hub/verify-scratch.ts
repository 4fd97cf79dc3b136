import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isRunning } from '../../git/file-lock.ts';
import type { ObjectId } from '../../git/object-id.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';

/** How the directories are called that a process of this machine makes; then its number, a dash and what makes them differ. */
const prefix = `micelio-verify-${encodeURIComponent(hostname())}-`;
const checkoutName = 'merged';

/** Runs `work` in a working tree of `commit` that is there for it alone, and takes it away again. */
export async function withCheckout<T>(
  hub: Repository,
  commit: ObjectId,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  await removeLeftBehind(hub);
  const scratch = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  const directory = join(scratch, checkoutName);
  try {
    await hub.git.run(gitArguments(hub, ['worktree', 'add', '--quiet', '--detach', directory, commit]));
    return await work(directory);
  } finally {
    await remove(hub, directory);
  }
}

/** Takes away what processes of this machine have left that were killed. */
async function removeLeftBehind(hub: Repository): Promise<void> {
  const args = gitArguments(hub, ['worktree', 'list', '--porcelain', '-z']);
  const worktrees = (await hub.git.run(args)).toString('utf8').split('\0');
  for (const line of worktrees) {
    const directory = line.replace(/^worktree /, '');
    if (directory === line || basename(directory) !== checkoutName) continue;
    const owner = ownerOf(basename(dirname(directory)));
    if (owner !== undefined && !isRunning(owner)) await remove(hub, directory);
  }
}

/** The number of the process of this machine that has made a directory of this name. */
function ownerOf(name: string): number | undefined {
  const [, pid] = /^(\d+)-[^-]*$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : '') ?? [];
  return pid === undefined ? undefined : Number(pid);
}

async function remove(hub: Repository, directory: string): Promise<void> {
  await hub.git.attempt(gitArguments(hub, ['worktree', 'remove', '--force', '--force', directory]));
  rmSync(dirname(directory), { recursive: true, force: true });
}
