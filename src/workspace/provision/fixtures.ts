import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { Git } from '../../git/git-process.ts';
import { temporaryDirectory } from '../fixtures.ts';
import { type PortProbe, PortRegistry } from './port-registry.ts';
import type { ProvisionRequest } from './provision-request.ts';

const gitVariables = {
  PATH: process.env.PATH,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
};

/** For tests: everything below a directory, but for `.git`: text of files, `-> target`, or `/` for directories. */
export function contentsOf(directory: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(directory, below)).sort()) {
    if (name === '.git') continue;
    const path = join(below, name);
    const status = lstatSync(join(directory, path));
    if (status.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(directory, path))}`;
    else found[path] = status.isDirectory() ? '/' : readFileSync(join(directory, path), 'utf8');
    if (status.isDirectory()) Object.assign(found, contentsOf(directory, path));
  }
  return found;
}

/** For tests: writes files, and symlinks for texts that begin with `-> `. */
export function writeTree(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(directory, path));
    else writeFileSync(join(directory, path), text);
  }
}

/** For tests: a repository with a main workspace, and a worktree of it for a session. */
export class ProvisionScene {
  readonly root: string;
  readonly main: string;
  readonly workspace: string;
  readonly git = new Git(gitVariables);
  readonly ports: PortRegistry;

  constructor(
    context: TestContext,
    tracked: Readonly<Record<string, string>>,
    probe: PortProbe = async () => true,
  ) {
    this.root = temporaryDirectory(context);
    this.main = join(this.root, 'main');
    this.workspace = join(this.main, '.worktrees', 'one');
    mkdirSync(this.main);
    this.run('init', '--quiet', '-b', 'main');
    writeTree(this.main, tracked);
    this.run('add', '-A');
    this.run(
      '-c',
      'user.name=Ada',
      '-c',
      'user.email=ada@example.com',
      'commit',
      '--quiet',
      '--allow-empty',
      '-m',
      'all',
    );
    this.run('worktree', 'add', '--quiet', '-b', 'session/one', this.workspace);
    this.ports = new PortRegistry(temporaryDirectory(context), probe);
    context.after(() => this.ports.close());
  }

  /** Runs git in the main workspace. */
  run(...args: readonly string[]): string {
    return execFileSync('git', ['-C', this.main, ...args], { env: gitVariables, encoding: 'utf8' });
  }

  /** What git would record of the workspace. */
  status(): string {
    return execFileSync('git', ['-C', this.workspace, 'status', '--porcelain'], {
      env: gitVariables,
      encoding: 'utf8',
    });
  }

  request(
    conf: string,
    changes: Partial<ProvisionRequest> & { readonly secretsConf?: string } = {},
  ): ProvisionRequest {
    const { secretsConf = '', ...rest } = changes;
    return {
      from: this.main,
      to: this.workspace,
      conf: [{ file: 'untracked-files.conf', text: conf }],
      secrets: [{ file: 'secrets.conf', text: secretsConf }],
      secretsFile: 'secrets.conf',
      facts: {
        slug: 'one',
        branch: 'session/one',
        user: { name: 'Ada', email: 'ada@example.com' },
        settings: { region: 'north' },
        environment: { PATH: process.env.PATH, STAGE: 'test' },
      },
      owner: `${this.main}#one`,
      git: this.git,
      ports: this.ports,
      clock: { now: () => 1_700_000_000_000 },
      lock: { wait: () => Promise.resolve(), waitMsMax: 1000 },
      ...rest,
    };
  }
}
