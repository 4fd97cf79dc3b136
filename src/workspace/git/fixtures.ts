import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ScratchRepository, temporaryDirectory } from '../../git/scratch-repository.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { type CreatedGitWorkspace, createGitWorkspace } from './create-git-workspace.ts';

/** A workspace of a session, until the test ends. */
export async function workspaceOf(
  t: TestContext,
  hub: ScratchRepository,
  slug: Slug,
  kind: 'clone' | 'worktree',
): Promise<CreatedGitWorkspace> {
  return createGitWorkspace({
    kind,
    hub: await hub.open(),
    directory: join(temporaryDirectory(t), 'workspace'),
    slug,
    branch: `session/${slug}`,
    main: 'main',
    agent: { name: 'Grace', email: 'grace@example.org' },
    rules: { sessions: '_AGENTS/sessions', knowledge: '_AGENTS/knowledge' },
    submodules: 'initialise',
  });
}
