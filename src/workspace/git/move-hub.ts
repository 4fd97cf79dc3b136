import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAbsent } from '../../base/system-error.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { fileUrl, upstreamRemote } from './create-git-workspace.ts';
import { sessionEnvironmentName, shellQuoted } from './session-environment.ts';
import { type GitWorkspace, writeRecord } from './workspace-record.ts';

/** Tells a workspace where its hub, and the workspace itself, are now: its remote, its record and its `.session-env`. */
export async function moveHub(workspace: GitWorkspace, hub: Repository): Promise<'moved' | 'unchanged'> {
  const { repository, directory, record } = workspace;
  const { git } = repository;
  let isMoved = record.hub !== hub.gitDirectory;
  if (record.kind === 'clone') {
    for (const [name, value] of [
      [`remote.${upstreamRemote}.url`, fileUrl(hub.gitDirectory)],
      ['micelio.hub', hub.gitDirectory],
    ] as const) {
      const before = await git.attempt(gitArguments(repository, ['config', '--local', '--get', name]));
      if (before.stdout.toString('utf8').trimEnd() === value) continue;
      await git.run(gitArguments(repository, ['config', '--local', name, value]));
      isMoved = true;
    }
  }
  if (record.hub !== hub.gitDirectory)
    writeRecord(repository.gitDirectory, { ...record, hub: hub.gitDirectory });
  const isRewritten = rewriteEnvironment(join(directory, sessionEnvironmentName), {
    SESSION_DIR: directory,
    SESSION_UPSTREAM: hub.gitDirectory,
  });
  return isMoved || isRewritten ? 'moved' : 'unchanged';
}

/** Puts other values into lines that are there. */
function rewriteEnvironment(path: string, values: Readonly<Record<string, string>>): boolean {
  try {
    const before = readFileSync(path, 'utf8');
    const after = Object.entries(values).reduce(
      (text, [name, value]) =>
        text.replace(new RegExp(`^export ${name}=.*$`, 'm'), () => `export ${name}=${shellQuoted(value)}`),
      before,
    );
    if (after === before) return false;
    writeFileSync(path, after);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw workspaceErrorFrom(error, `write "${path}"`);
  }
}
