import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Clock } from '../../base/clock.ts';
import { file, type ScratchFiles, ScratchRepository, scratchGit } from '../../git/scratch-repository.ts';
import { parseSlug, type Slug } from '../../session/plan/slug.ts';
import type { Agent } from '../../session/session.ts';
import { GitLedger, type GitLedgerOptions } from './git-ledger.ts';

export const agentAda: Agent = { name: 'Ada', email: 'ada@example.org' };
export const agentBob: Agent = { name: 'Bob', email: 'bob@example.org' };

/** Slugs `2025-10-14-task-0` and so on. */
export function slugs(count: number): readonly Slug[] {
  return Array.from({ length: count }, (_, i) => parseSlug(`2025-10-14-task-${i}`));
}

/** The files of a project with `planned` sessions to claim. */
export function projectFiles(planned: readonly Slug[], settings?: object): ScratchFiles {
  const sessions = planned.map(
    (slug) => [`_AGENTS/sessions/planned/${slug}/SESSION.md`, file(`# Session: ${slug}\n`)] as const,
  );
  const named =
    settings && (['_AGENTS/sessions/_config/settings.json', file(JSON.stringify(settings))] as const);
  return new Map([
    ['README.md', file('# A project\n')],
    ['src/a.c', file('int a;\n')],
    ['_AGENTS/sessions/sessions.lock', file('')],
    ...['drafting', 'planned', 'active', 'completed', 'abandoned'].map(
      (folder) => [`_AGENTS/sessions/${folder}/.gitkeep`, file('')] as const,
    ),
    ...sessions,
    ...(named ? [named] : []),
  ]);
}

/** A hub with sessions to claim. */
export function scratchHub(
  t: TestContext,
  planned: readonly Slug[],
  options: { readonly bare?: boolean; readonly settings?: object } = {},
): ScratchRepository {
  const hub = ScratchRepository.create(t, { bare: options.bare ?? true });
  hub.commit(projectFiles(planned, options.settings));
  // Tidying up takes longer than what a test does.
  hub.git(['config', 'receive.autogc', 'false']);
  if (options.bare === false) hub.git(['reset', '-q', '--hard', 'main']);
  return hub;
}

/** The ledger of a repository, until the test ends. */
export async function openLedger(
  t: TestContext,
  repository: ScratchRepository,
  options: Partial<GitLedgerOptions> = {},
): Promise<GitLedger> {
  const ledger = await GitLedger.open(scratchGit, repository.directory, { machine: 'here', ...options });
  t.after(() => ledger.close());
  return ledger;
}

/** A clock that a test sets. */
export function handClock(start = 1_760_000_000_000): Clock & { advance(ms: number): void } {
  let now = start;
  return {
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
  };
}

/** The subjects of the commits on main, newest first. */
export function subjects(hub: ScratchRepository, count = 1): readonly string[] {
  return hub.git(['log', `-${count}`, '--format=%s', 'main']).split('\n');
}

/** The lines of `sessions.lock` on main. */
export function lockLines(hub: ScratchRepository): readonly string[] {
  return hub
    .git(['show', 'main:_AGENTS/sessions/sessions.lock'])
    .split('\n')
    .filter((line) => line !== '');
}

/** The names in a folder of sessions on main. */
export function folderNames(hub: ScratchRepository, folder: string): readonly string[] {
  return hub
    .git(['ls-tree', '--name-only', `main:_AGENTS/sessions/${folder}`])
    .split('\n')
    .filter((name) => name !== '.gitkeep' && name !== '');
}

/** Git finds nothing wrong, and main is one line of commits. */
export function assertSound(repository: ScratchRepository): void {
  assert.equal(repository.git(['fsck', '--strict', '--no-dangling']), '');
  assert.equal(repository.git(['rev-list', '--merges', '--count', 'main']), '0');
}
