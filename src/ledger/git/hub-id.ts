import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Random, randomText } from '../../base/random.ts';
import { createExclusively } from '../../git/exclusive-file.ts';
import type { Repository } from '../../git/repository.ts';
import { GitLedgerError } from './git-ledger-error.ts';

/**
 * What tells a repository from its clones: a file in its git directory, which no clone gets. The settings of a project whose
 * sessions one repository decides name it, so that a clone with the same settings knows that it is not the one.
 */

const idLength = 16;

/** Undefined where the repository has none. */
export function readHubId({ gitDirectory }: Repository): string | undefined {
  const path = idFile(gitDirectory);
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(path, cause);
  }
}

/** The id of a repository, which is made where there is none; of several who do so at once all get the same. */
export async function ensureHubId(repository: Repository, random: Random): Promise<string> {
  const { gitDirectory } = repository;
  const path = idFile(gitDirectory);
  try {
    await mkdir(join(gitDirectory, 'micelio'), { recursive: true });
    await createExclusively(path, `${newHubId(random)}\n`);
  } catch (cause) {
    throw unusable(path, cause);
  }
  return readHubId(repository)!;
}

export function newHubId(random: Random): string {
  return randomText(random, idLength);
}

function idFile(gitDirectory: string): string {
  return join(gitDirectory, 'micelio', 'hub-id');
}

function unusable(path: string, cause: unknown): GitLedgerError {
  return new GitLedgerError(
    'ledger/no-hub',
    `"${path}", which tells this repository from its clones, cannot be read or written: ${cause instanceof Error ? cause.message : String(cause)}. See to its permissions, then do it again.`,
    { cause },
  );
}
