import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isAbsent } from '../../base/system-error.ts';
import { isRunning } from '../../git/file-lock.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { replaceFile } from '../replace-file.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { findGitWorkspace, privateDirectory } from './workspace-record.ts';

/** What a workspace is called while it is made, or deleted, beside its place. */
export function besidePlace(directory: string, what: 'making' | 'removing'): string {
  return join(dirname(directory), `.${what}-${basename(directory)}-${process.pid}`);
}

/**
 * Deletes what killed processes have left beside the place of a workspace: what was half made, and what was half deleted
 * after all of it was kept.
 */
export function sweepBeside(directory: string): void {
  const [folder, name] = [dirname(directory), basename(directory)];
  try {
    for (const entry of readdirSync(folder)) {
      const [, of, pid] = /^\.(?:making|removing)-(.*)-(\d+)$/s.exec(entry) ?? [];
      if (of !== name || isRunning(Number(pid))) continue;
      // A git that the killed one had started may be writing yet.
      rmSync(join(folder, entry), { recursive: true, force: true, maxRetries: 5 });
    }
  } catch (error) {
    if (!isAbsent(error)) throw workspaceErrorFrom(error, `tidy up "${folder}"`);
  }
}

/**
 * Notes in the hub where a worktree is being made: it has its place from the beginning, and what stands there is not taken
 * for a user's. Returns what takes the note away.
 */
export function noteMaking(hub: Repository, slug: Slug, directory: string): () => void {
  const path = noteFile(hub, slug);
  replaceFile(path, `${directory}\n`);
  return () => settleMade(hub, slug);
}

/** Where a worktree is being made, or its making was interrupted; undefined where none is. */
export function halfMade(hub: Repository, slug: Slug): string | undefined {
  const path = noteFile(hub, slug);
  try {
    return readFileSync(path, 'utf8').replace(/\n$/, '');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw workspaceErrorFrom(error, `read "${path}"`);
  }
}

/** Takes the note of a worktree away that stands by now: its process was killed when all was done but that. */
export function settleMade(hub: Repository, slug: Slug): void {
  rmSync(noteFile(hub, slug), { force: true });
}

/** Deletes a worktree whose making was interrupted, and forgets those of `branch` whose directory is gone. */
export async function undoHalfMade(hub: Repository, slug: Slug, branch: string): Promise<void> {
  const directory = halfMade(hub, slug);
  if (directory !== undefined) await undo(hub, slug, directory);
  const listed = await hub.git.run(gitArguments(hub, ['worktree', 'list', '--porcelain', '-z']));
  for (const one of listed.toString('utf8').split('\0\0')) {
    const fields = one.split('\0');
    const directory = fields.find((field) => field.startsWith('worktree '))?.slice('worktree '.length);
    if (directory === undefined || !fields.includes(`branch refs/heads/${branch}`)) continue;
    if (!existsSync(directory)) await removeWorktree(hub, directory);
  }
}

async function undo(hub: Repository, slug: Slug, directory: string): Promise<void> {
  const whole = existsSync(directory) ? await findGitWorkspace(hub.git, directory) : undefined;
  if (whole?.directory !== directory) {
    await removeWorktree(hub, directory);
    try {
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    } catch (error) {
      throw workspaceErrorFrom(error, `delete "${directory}", which is half made`);
    }
  }
  settleMade(hub, slug);
}

/** Has git forget a worktree, if it knows it; its directory goes with it where it is still there. */
export async function removeWorktree(hub: Repository, directory: string): Promise<void> {
  await hub.git.attempt(gitArguments(hub, ['worktree', 'remove', '--force', '--force', directory]));
}

function noteFile(hub: Repository, slug: Slug): string {
  return join(privateDirectory(hub.gitDirectory), 'places', `${slug}.making`);
}
