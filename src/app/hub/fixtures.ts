import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import {
  file,
  type ScratchFiles,
  ScratchRepository,
  scratchEnvironment,
  scratchGit,
  temporaryDirectory,
} from '../../git/scratch-repository.ts';
import { projectFiles } from '../../ledger/git/fixtures.ts';
import { parseSlug, type Slug } from '../../session/plan/slug.ts';
import type { GitWorkspace } from '../../workspace/git/workspace-record.ts';
import type { CompletionRequest } from './complete.ts';
import { HubSessions } from './hub-sessions.ts';

/** Two sessions that are planned; the first has a criterion that is not met. */
export const slug = parseSlug('2026-11-21-faster-start');
export const other = parseSlug('2026-11-21-other');

const plan = `# Session: Start faster\n\n**Status:** planned\n**Type:** bug\n\n## Acceptance Criteria\n\n- [ ] It is fast\n`;

/** A hub with these two sessions, about which it decides itself, until the test ends. */
export function hubOf(
  t: TestContext,
  options: { bare?: boolean; settings?: object; more?: ScratchFiles } = {},
): ScratchRepository {
  const { bare = false, settings, more = new Map() } = options;
  const hub = ScratchRepository.create(t, { bare });
  const gitDirectory = join(hub.directory, bare ? '' : '.git');
  mkdirSync(join(gitDirectory, 'micelio'));
  writeFileSync(join(gitDirectory, 'micelio/hub-id'), 'scratch\n');
  const files = new Map(projectFiles([slug, other], { authority: 'local:scratch', ...settings }));
  files.set(`_AGENTS/sessions/planned/${slug}/SESSION.md`, file(plan));
  files.set('.gitignore', file('.sessions/\n.worktrees/\n'));
  for (const [path, content] of more) files.set(path, content);
  hub.commit(files);
  if (!bare) hub.git(['reset', '-q', '--hard', 'main']);
  return hub;
}

/** The sessions of a hub, as somebody on this machine sees them. */
export async function sessionsOf(
  t: TestContext,
  hub: ScratchRepository,
  name = 'Grace',
): Promise<HubSessions> {
  const sessions = await HubSessions.open(hub.directory, {
    git: scratchGit,
    agent: { name, email: `${name.toLowerCase()}@example.org` },
    clock: systemClock,
    environment: scratchEnvironment,
    state: temporaryDirectory(t),
  });
  t.after(() => sessions.close());
  return sessions;
}

/** As a person at a shell: without the variables that the tests set. */
export function git(directory: string, ...args: string[]): string {
  const {
    GIT_AUTHOR_NAME: _a,
    GIT_AUTHOR_EMAIL: _b,
    GIT_COMMITTER_NAME: _c,
    GIT_COMMITTER_EMAIL: _d,
    ...rest
  } = scratchEnvironment;
  return execFileSync('git', args, {
    cwd: directory,
    env: rest,
    stdio: ['pipe', 'pipe', 'pipe'],
    encoding: 'utf8',
  }).trim();
}

/** Commits files in a workspace. */
export function commit(
  workspace: GitWorkspace,
  message: string,
  files: Readonly<Record<string, string>>,
): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(workspace.directory, path)), { recursive: true });
    writeFileSync(join(workspace.directory, path), text);
    git(workspace.directory, 'add', path);
  }
  git(workspace.directory, 'commit', '-qm', `[${workspace.record.slug}] ${message}`);
}

/** A completion of the first session. */
export const request = (more: Partial<CompletionRequest> = {}): CompletionRequest => ({
  slug,
  message: undefined,
  unmet: 'not measured here',
  workspace: 'remove',
  ...more,
});

/** Claims a session, and makes its workspace. */
export async function placed(
  sessions: HubSessions,
  kind: 'clone' | 'worktree' = 'clone',
  which: Slug = slug,
): Promise<GitWorkspace> {
  await sessions.claim(which);
  return (await sessions.place(which, { kind })).workspace;
}
