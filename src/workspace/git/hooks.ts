import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { shellQuoted } from './session-environment.ts';
import { privateDirectory, type WorkspaceRecord } from './workspace-record.ts';

/** The hooks of git that run where somebody works. Each hands on to the user's own. */
const handedOn = [
  'applypatch-msg',
  'commit-msg',
  'post-applypatch',
  'post-checkout',
  'post-commit',
  'post-merge',
  'post-rewrite',
  'pre-applypatch',
  'pre-auto-gc',
  'pre-commit',
  'pre-merge-commit',
  'pre-push',
  'pre-rebase',
  'prepare-commit-msg',
] as const;
type HookName = (typeof handedOn)[number];

export interface HookRules {
  readonly slug: string;
  /** The folder of the sessions and that of the knowledge, from the top of the repository. */
  readonly sessions: string;
  readonly knowledge: string;
}

/**
 * Makes the commits of a workspace keep the rules: the message names the session, the plan stays as it is, `sessions.lock`
 * and other sessions' folders are left alone, and the knowledge of all is left to sessions that merge knowledge. The user's
 * own hooks run as well, from wherever git would have run them: `core.hooksPath` of the workspace points to ours, and ours
 * call theirs. It is a help, and no fence: completion checks again.
 */
export async function installHooks(
  repository: Repository,
  hub: Repository,
  kind: WorkspaceRecord['kind'],
  rules: HookRules,
): Promise<void> {
  const own = join(privateDirectory(repository.gitDirectory), 'hooks');
  // Relative to the top of the working tree where that holds the git directory: a clone may be moved.
  const path = kind === 'clone' ? '.git/micelio/hooks' : own;
  const theirs = await usualHooks(repository, hub, kind, path);
  try {
    mkdirSync(own, { recursive: true });
    for (const name of handedOn) {
      const file = join(own, name);
      writeFileSync(file, hookText(name, theirs, rules));
      chmodSync(file, 0o755);
    }
  } catch (error) {
    throw workspaceErrorFrom(error, `write the hooks in "${own}"`);
  }
  const scope = kind === 'clone' ? '--local' : '--worktree';
  await repository.git.run(gitArguments(repository, ['config', scope, 'core.hooksPath', path]));
}

/**
 * Where git would look for hooks without us; a relative path begins at the top of the working tree. A clone takes that of
 * its hub too, where it lies inside of the project.
 */
async function usualHooks(
  repository: Repository,
  hub: Repository,
  kind: WorkspaceRecord['kind'],
  own: string,
): Promise<string> {
  const [here, ofHub] = await Promise.all([
    hooksPaths(repository),
    kind === 'clone' ? hooksPaths(hub) : ([] as readonly string[]),
  ]);
  const path = here.findLast((candidate) => candidate !== own);
  if (path !== undefined) return path;
  if (kind === 'worktree') return join(hub.gitDirectory, 'hooks');
  return ofHub.findLast((candidate) => !isAbsolute(candidate)) ?? '.git/hooks';
}

async function hooksPaths(repository: Repository): Promise<string[]> {
  const args = ['config', '--type=path', '--get-all', 'core.hooksPath'];
  const { exitCode, stdout } = await repository.git.attempt(gitArguments(repository, args));
  if (exitCode !== 0) return [];
  return stdout
    .toString('utf8')
    .split('\n')
    .filter((path) => path !== '');
}

function hookText(name: HookName, theirs: string, rules: HookRules): string {
  const checks: Partial<Record<HookName, (rules: HookRules) => string>> = {
    'commit-msg': messageCheck,
    'pre-commit': filesCheck,
  };
  return `#!/bin/sh
# Written by Micelio for session ${rules.slug}. Your own hooks run from where they are.
${checks[name]?.(rules) ?? ''}theirs=${shellQuoted(theirs)}/${name}
if [ -x "$theirs" ]; then exec "$theirs" "$@"; fi
exit 0
`;
}

/** While a merge is committed: what came from main is others' to answer for, and completion looks at what is left. */
const isNoMerge = '! git rev-parse --quiet --verify MERGE_HEAD > /dev/null';

/** What git writes by itself while it merges, reverts or rebases stays as it is. */
function messageCheck({ slug, sessions }: HookRules): string {
  return `subject=$(sed -e '/^#/d' -e '/^[[:space:]]*$/d' "$1" | head -n 1)
case $subject in
  ${shellQuoted(`[${slug}] `)}*:\\ * | 'Merge '* | 'Revert '* | fixup!* | squash!* | amend!*) ;;
  *)
    echo ${shellQuoted(`The message of a commit in this session begins with "[${slug}] type: ", for instance "[${slug}] feat: what it does".`)} >&2
    exit 1 ;;
esac
case $subject in
  ${shellQuoted(`[${slug}] OVERRIDE:`)}*) ;;
  *)
    if ${isNoMerge} && git diff --cached --name-only -- ${shellQuoted(`${sessions}/active/*/SESSION.md`)} ${shellQuoted(`${sessions}/completed/*/SESSION.md`)} | grep -q .; then
      echo ${shellQuoted(`The plan (SESSION.md) of a session stays as it was claimed; write to worklog.md or active-plan.md. In an emergency begin the message with "[${slug}] OVERRIDE: ".`)} >&2
      exit 1
    fi ;;
esac
`;
}

/** Completion refuses the same files; here nothing has to be mended yet. */
function filesCheck({ slug, sessions, knowledge }: HookRules): string {
  const own = `${sessions}/active/${slug}/`;
  const ofSessions = refuseChanges(
    [`${sessions}/`, `:(exclude)${own}`],
    `Of ${sessions}/ the commits of a session change ${own} only; all else there is written by mic. Take it out ("git restore --staged FILE"):`,
  );
  if (slug.startsWith('kb-')) return ofSessions;
  const learned = `${knowledge}/sessions/${slug}/`;
  const ofKnowledge = refuseChanges(
    [`${knowledge}/`, `:(exclude)${learned}`],
    `Only sessions whose name begins with "kb-" change ${knowledge}/. Write what you learned to ${learned}learnings.md, and take this out:`,
  );
  return `${ofSessions}${ofKnowledge}`;
}

/** Refuses a commit that changes what `pathspecs` name: says `words`, and which files. */
function refuseChanges(pathspecs: readonly string[], words: string): string {
  return `changed=$(git diff --cached --name-only -- ${pathspecs.map(shellQuoted).join(' ')})
if [ -n "$changed" ] && ${isNoMerge}; then
  printf '%s\\n' ${shellQuoted(words)} "$changed" >&2
  exit 1
fi
`;
}
