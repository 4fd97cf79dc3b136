import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAbsent } from '../../base/system-error.ts';
import type { Git } from '../../git/git-process.ts';
import { isFileName, type TreePath, textFromPath } from '../../tree/path.ts';
import { findWorkspace } from '../checkout/marker.ts';
import { diskPath } from '../disk-path.ts';
import { unreadable } from '../workspace-error.ts';
import { type ConfLayer, confName } from './conf.ts';
import { ProvisionError } from './provision-error.ts';
import { secretsName } from './secrets.ts';

/** The main workspace and the session's, and what the session is called there. */
export interface LocatedWorkspace {
  readonly from: string;
  readonly to: string;
  readonly slug: string;
  readonly branch: string;
  /** `unmade`: the main workspace itself was meant, and `to` is where a workspace would be. */
  readonly standing: 'made' | 'unmade';
}

export interface LocateOptions {
  /** Where the command was called. */
  readonly directory: string;
  /** Told by the user; found out otherwise. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** What a session is called that there is not. */
const unmadeSlug = 'new';
const sessionEnvName = '.session-env';

/**
 * Finds the workspace that `directory` lies in, and the main workspace that its untracked files come from: of a worktree
 * the repository's main one, of a clone the one that it was cloned from. In the main workspace itself, where
 * no `to` is told, it is a workspace that nobody has made yet. Throws `provision/no-workspace`.
 */
export async function locateWorkspace(git: Git, options: LocateOptions): Promise<LocatedWorkspace> {
  const top = options.to === undefined ? await topOf(git, options.directory) : undefined;
  const to = options.to ?? top ?? findWorkspace(options.directory)?.directory;
  if (to === undefined || !existsSync(to)) {
    throw new ProvisionError(
      'provision/no-workspace',
      `"${options.to ?? options.directory}" is in no workspace. Call this inside a session's workspace, or say --to DIRECTORY.`,
    );
  }
  const variables = readSessionEnv(to);
  const from = options.from ?? (await mainWorktreeOf(git, to)) ?? (await originOf(git, to, variables));
  const isMain = from === undefined || (existsSync(from) && realpathSync(from) === realpathSync(to));
  if (isMain && to === top && !variables.has('SESSION_SLUG')) {
    const slug = unmadeSlug;
    return { from: to, to: unmadeDirectory(to, slug), slug, branch: `session/${slug}`, standing: 'unmade' };
  }
  if (isMain || !existsSync(from)) {
    throw new ProvisionError(
      'provision/no-workspace',
      `It is not known where the untracked files of "${to}" come from. Call this inside a session's workspace, or say --from DIRECTORY.`,
    );
  }
  const current = await git.attempt(['-C', to, 'branch', '--show-current']);
  const branch = variables.get('SESSION_BRANCH') ?? current.stdout.toString('utf8').trim();
  const slug =
    variables.get('SESSION_SLUG') ?? (branch.startsWith('session/') ? branch.slice(8) : basename(to));
  return { from, to, slug, branch, standing: 'made' };
}

/** Where a workspace of the main one at `from` is planned that is not made yet: its name is free for that. */
export function unmadeDirectory(from: string, slug: string): string {
  return join(realpathSync(from), '.sessions', `.unmade-${slug}`);
}

/** The top of the git working tree that `directory` lies in. */
export async function topOf(git: Git, directory: string): Promise<string | undefined> {
  const { exitCode, stdout } = await git.attempt(['-C', directory, 'rev-parse', '--show-toplevel']);
  return exitCode === 0 ? stdout.toString('utf8').replace(/\n$/, '') : undefined;
}

/** The main working tree of a linked one; undefined where there is none. */
async function mainWorktreeOf(git: Git, to: string): Promise<string | undefined> {
  const { exitCode, stdout } = await git.attempt(['-C', to, 'worktree', 'list', '--porcelain', '-z']);
  if (exitCode !== 0) return undefined;
  const [first = '', ...more] = stdout.toString('utf8').split('\0\0')[0]?.split('\0') ?? [];
  const path = first.replace(/^worktree /, '');
  return more.includes('bare') || realpathSync(path) === realpathSync(to) ? undefined : path;
}

/** The working tree on this machine that a clone was made from. */
async function originOf(
  git: Git,
  to: string,
  variables: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const urls = [variables.get('SESSION_UPSTREAM')];
  for (const remote of ['upstream', 'origin']) {
    const { exitCode, stdout } = await git.attempt(['-C', to, 'config', `remote.${remote}.url`]);
    if (exitCode === 0) urls.push(stdout.toString('utf8').trim());
  }
  for (const url of urls) {
    const path = url?.startsWith('file://') ? fileURLToPath(url) : url;
    if (path?.startsWith('/') && existsSync(path))
      return topOf(git, path.endsWith('/.git') ? dirname(path) : path);
  }
  return undefined;
}

/** What a workspace's `.session-env` sets: `export NAME="value"` lines, taken as they are. */
function readSessionEnv(workspace: string): Map<string, string> {
  const text = readIfThere(join(workspace, sessionEnvName)) ?? '';
  const lines = text.matchAll(/^(?:export\s+)?([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(\S*))$/gm);
  return new Map(
    Array.from(lines, ([, name, double, single, plain]) => [name!, double ?? single ?? plain ?? '']),
  );
}

/**
 * The configuration in `folder` of `directory` (the main workspace): that of the project, overruled by that of the session
 * with this slug, and the commands for secrets.
 */
export function readProjectConf(
  directory: string,
  folder: TreePath,
  slug: string,
): { readonly conf: ConfLayer[]; readonly secrets: ConfLayer[]; readonly secretsFile: string } {
  const shown = (name: string) => `${textFromPath(folder)}/${name}`;
  const layers = (...names: readonly string[]): ConfLayer[] =>
    names.flatMap((name) => {
      const file = shown(name);
      const text = readIfThere(diskPath(directory, `${folder}/${name}`));
      return text === undefined ? [] : [{ file, text }];
    });
  const own = sessionConfName(slug);
  return {
    conf: layers(confName, ...(own === undefined ? [] : [own])),
    secrets: layers(secretsName),
    secretsFile: shown(secretsName),
  };
}

/** The configuration of one session, beside the project's. */
function sessionConfName(slug: string): string | undefined {
  const name = confName.replace(/(?=\.conf$)/, `.${slug}`);
  return isFileName(name) ? name : undefined;
}

function readIfThere(file: string | Buffer): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw unreadable(String(file), error);
  }
}
