import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Ended, type RunOptions, Scratch, write } from '../mic.ts';
import { GitServer } from './git-server.ts';

/** Nobody has it by chance. */
const tokenDefault = 'mic-t0ken-5f0c61d2a97b';
const user = 'ada';
const recorder = pathToFileURL(join(import.meta.dirname, 'record-processes.ts')).href;

/**
 * A scratch that writes down every process: those of Node.js and all that they start with command line and environment,
 * and those that git starts, on and on, with their command lines (what git starts has the environment that git was given).
 */
class RecordedScratch extends Scratch {
  readonly processes = join(this.directory, 'processes');

  constructor(name: string) {
    super(name);
    mkdirSync(join(this.processes, 'git'), { recursive: true });
  }

  override get environment(): Record<string, string> {
    return {
      ...super.environment,
      NODE_OPTIONS: `--import ${recorder}`,
      TEST_PROCESSES: join(this.processes, 'node'),
      GIT_TRACE2_EVENT: join(this.processes, 'git'),
      GIT_TRACE2_REDACT: '0',
    };
  }
}

/**
 * A cloud remote over HTTP, hubs of it, and a user whose credential helper has the token. What everything says is kept, and
 * every process is written down.
 */
export class CloudScratch {
  readonly scratch: RecordedScratch;
  readonly server: GitServer;
  readonly #said: string[] = [];
  /** Every token that there ever was. */
  readonly #tokens = new Set<string>();

  private constructor(scratch: RecordedScratch, server: GitServer) {
    this.scratch = scratch;
    this.server = server;
    this.#setToken(server.token);
    after(() => this.server.close());
  }

  static async start(): Promise<CloudScratch> {
    const scratch = new RecordedScratch('micelio cloud');
    const root = join(scratch.directory, 'cloud');
    const server = await GitServer.start(root, tokenDefault, scratch.environment);
    const helper = join(scratch.directory, 'credential-helper');
    const vault = join(scratch.directory, 'vault');
    writeFileSync(helper, `#!/bin/sh\n[ "$1" = get ] && cat "${vault}"\nexit 0\n`, { mode: 0o755 });
    write(
      join(scratch.directory, 'home/.gitconfig'),
      `[credential]\n\thelper = "!'${helper}'"\n[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n`,
    );
    return new CloudScratch(scratch, server);
  }

  /** The server lets in who has `server`, and the user has `user`; empty: nothing. */
  tokens(server: string, user = server): void {
    this.server.token = server;
    this.#tokens.add(server);
    this.#setToken(user);
  }

  #setToken(token: string): void {
    if (token !== '') this.#tokens.add(token);
    const vault = join(this.scratch.directory, 'vault');
    writeFileSync(vault, token === '' ? '' : `username=${user}\npassword=${token}\n`);
  }

  /** An empty repository of the cloud, and its directory. */
  async cloud(name: string): Promise<string> {
    const directory = join(this.scratch.directory, 'cloud', name);
    await this.git(['init', '-q', '--bare', directory], this.scratch.directory);
    await this.git(['config', 'receive.autogc', 'false'], directory);
    return directory;
  }

  /** A hub of the cloud's repository `cloud`, with what that has. */
  async hub(name: string, cloud: string, kind: 'bare' | 'checked-out' = 'bare'): Promise<string> {
    const directory = join(this.scratch.directory, name);
    await this.git(['init', '-q', ...(kind === 'bare' ? ['--bare'] : []), directory], this.scratch.directory);
    await this.git(['remote', 'add', 'origin', this.server.url(cloud)], directory);
    return directory;
  }

  /** Puts `files` on a branch of a repository, without its working tree, and returns the commit. */
  async commit(
    directory: string,
    files: Readonly<Record<string, string>>,
    { branch = 'main', onto = branch }: { branch?: string; onto?: string } = {},
  ): Promise<string> {
    const has = (await this.refs(directory, [`refs/heads/${onto}`])) !== '';
    const from = has ? `from refs/heads/${onto}^0\n` : '';
    const changes = Object.entries(files).map(([path, text]) => {
      return `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`;
    });
    const message = `change ${Object.keys(files).join(' ')}`;
    const head = `commit refs/heads/${branch}\ncommitter Git Author <git@example.org> 1700000000 +0000\ndata ${message.length}\n${message}\n`;
    await this.git(['fast-import', '--quiet'], directory, { input: `${head}${from}${changes.join('')}` });
    return this.revision(directory, `refs/heads/${branch}`);
  }

  async revision(directory: string, revision: string): Promise<string> {
    return (await this.git(['rev-parse', revision], directory)).stdout.trim();
  }

  /** The refs of a repository, a line each. */
  async refs(directory: string, patterns: readonly string[] = []): Promise<string> {
    const format = '--format=%(objectname) %(refname)';
    return (await this.git(['for-each-ref', format, ...patterns], directory)).stdout.trim();
  }

  git(args: readonly string[], directory: string, options: RunOptions = {}): Promise<Ended> {
    return this.#keep(this.scratch.run('git', args, { in: directory, ...options }));
  }

  mic(args: readonly string[], directory: string, options: RunOptions = {}): Promise<Ended> {
    return this.#keep(this.scratch.mic(args, { in: directory, ...options }));
  }

  async json<T = Record<string, unknown>>(
    args: readonly string[],
    directory: string,
    options: RunOptions = {},
  ): Promise<T> {
    return JSON.parse((await this.mic([...args, '--json'], directory, options)).stdout) as T;
  }

  /** Keeps what something has said, to look for tokens in it. */
  said(text: string): void {
    this.#said.push(text);
  }

  async #keep(running: Promise<Ended>): Promise<Ended> {
    const ended = await running;
    this.#said.push(ended.stdout, ended.stderr);
    return ended;
  }

  /**
   * No token is in any file but the vault (among them the record of all processes), in any object of git, or in what anything
   * said.
   */
  async assertNoToken(): Promise<void> {
    const secrets = Array.from(this.#tokens).flatMap((token) => [
      token,
      Buffer.from(`${user}:${token}`).toString('base64'),
    ]);
    const has = (text: string | Buffer) => secrets.some((secret) => text.includes(secret));
    const { directory } = this.scratch;
    this.#assertRecorded();
    const files = filesIn(directory);
    assert.ok(files.length > 20);
    const vault = join(directory, 'vault');
    assert.deepEqual(
      files.filter((path) => path !== vault && has(readFileSync(path))),
      [],
    );
    for (const path of files.filter((path) => path.endsWith('/HEAD') && !path.includes('/logs/'))) {
      const repository = path.slice(0, -'/HEAD'.length);
      const args = ['-C', repository, 'cat-file', '--batch', '--batch-all-objects', '--buffer'];
      const { bytes, code } = await this.scratch.run('git', args, { exit: 'any' });
      if (code === 0) assert.ok(!has(bytes), repository);
    }
    assert.ok(this.#said.length > 0);
    assert.deepEqual(this.#said.filter(has), []);
  }

  /** What is known to have run was seen: `mic`, the git that it started, git's program for HTTP, and the credential helper. */
  #assertRecorded(): void {
    const { processes } = this.scratch;
    const ofNode = readFileSync(join(processes, 'node'), 'utf8');
    for (const words of ['/mic.mjs"', '"ls-remote"', '"GIT_TERMINAL_PROMPT=0"']) {
      assert.ok(ofNode.includes(words), words);
    }
    const ofGit = filesIn(join(processes, 'git')).map((path) => readFileSync(path, 'utf8'));
    for (const words of ['"argv":["git","remote-http","origin"', `credential-helper' get"`]) {
      assert.ok(
        ofGit.some((text) => text.includes(words)),
        words,
      );
    }
  }
}

function filesIn(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
