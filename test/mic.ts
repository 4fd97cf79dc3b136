import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The directory that holds the command that is tested: that of the sources, unless a run names another one. */
export const binDirectory = process.env.MICELIO_TEST_BIN ?? fileURLToPath(new URL('../bin', import.meta.url));

/** How a process ended, and what it said. */
export interface Ended {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it came. */
  readonly bytes: Buffer;
}

export interface RunOptions {
  /** The directory to run in; that of the scratch unless told otherwise. */
  readonly in?: string;
  /** The exit code that the test expects; 0 unless told otherwise, `any` looks at none. */
  readonly exit?: number | 'any';
  /** What is different in the environment; undefined takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Who the process runs as, where this one may choose. */
  readonly user?: number;
  /** Told about the process as soon as it runs, for instance to kill it. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** How many processes of a test file run at once; the others wait for their turn. */
const processesMax = 8;
let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  while (running >= processesMax) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  try {
    return await work();
  } finally {
    running--;
    waiting.shift()?.();
  }
}

/** A store, workspaces and a home of a test's own, and the released `mic` in them, as real processes. */
export class Scratch {
  /** Everything of this scratch lies in here. */
  readonly directory: string;
  readonly store: string;
  readonly workspaces: string;

  /** `name` is part of the path of everything. */
  constructor(name = 'micelio test') {
    this.directory = realpathSync(mkdtempSync(join(tmpdir(), `${name.replaceAll('/', '')}-`)));
    this.store = join(this.directory, 'store');
    this.workspaces = join(this.directory, 'workspaces');
    mkdirSync(join(this.directory, 'home'));
    after(() => this.end());
  }

  /** Removes all that there is. */
  async end(): Promise<void> {
    // A git in the background may just be writing a file.
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  }

  /** What a process in this scratch has as environment: nothing of who runs the test. */
  get environment(): Record<string, string> {
    return {
      PATH: `${binDirectory}:${dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: join(this.directory, 'home'),
      TMPDIR: tmpdir(),
      LANG: 'C.UTF-8',
      MICELIO_STORE: this.store,
      MICELIO_WORKSPACES: this.workspaces,
      MICELIO_AGENT_NAME: 'ada',
      MICELIO_AGENT_EMAIL: 'ada@example.org',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Git Author',
      GIT_AUTHOR_EMAIL: 'git@example.org',
      GIT_COMMITTER_NAME: 'Git Author',
      GIT_COMMITTER_EMAIL: 'git@example.org',
    };
  }

  /** Runs a program and waits for its end. */
  run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return inTurn(() => this.#run(program, args, options));
  }

  async #run(program: string, args: readonly string[], options: RunOptions): Promise<Ended> {
    const environment = { ...this.environment, ...options.environment };
    const child = spawn(program, args, {
      cwd: options.in ?? this.directory,
      env: Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined)),
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.user !== undefined && { uid: options.user, gid: options.user }),
    });
    const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      return pieces;
    });
    // A program that ends without reading its input is its own business.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.once('spawn', () => options.onStart?.(child));
    const [code] = (await once(child, 'close')) as [number | null];
    const bytes = Buffer.concat(stdout!);
    const ended = {
      code: code ?? undefined,
      stdout: bytes.toString('utf8'),
      stderr: Buffer.concat(stderr!).toString('utf8'),
      bytes,
    };
    const expected = options.exit ?? 0;
    if (expected !== 'any') {
      assert.equal(ended.code, expected, `${[program, ...args].join(' ')}\n${ended.stdout}${ended.stderr}`);
    }
    return ended;
  }

  /** Runs `mic`. */
  mic(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return this.run(join(binDirectory, 'mic'), args, options);
  }

  /** Runs `mic … --json` and returns the one document that it prints. */
  async json<T = unknown>(args: readonly string[], options: RunOptions = {}): Promise<T> {
    return JSON.parse((await this.mic([...args, '--json'], options)).stdout) as T;
  }

  /** Types a line into a shell, and returns what it prints, without the newline at the end. */
  async type(line: string, options: RunOptions = {}): Promise<string> {
    return (await this.run('sh', ['-c', line], options)).stdout.replace(/\n$/, '');
  }

  git(args: readonly string[], directory: string): Promise<Ended> {
    return this.run('git', args, { in: directory });
  }

  /** Writes files into the directory `name` of this scratch, and returns its path. */
  files(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
    const directory = join(this.directory, name);
    mkdirSync(directory, { recursive: true });
    for (const [path, content] of Object.entries(files)) write(join(directory, path), content);
    return directory;
  }

  /** A git repository with `files` as its one commit. */
  async repository(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    const directory = this.files(name, files);
    await this.git(['init', '--quiet', '-b', 'main'], directory);
    await this.commit(directory, 'Begin');
    return directory;
  }

  /** Commits everything that a repository's working tree has. */
  async commit(directory: string, message: string): Promise<void> {
    await this.git(['add', '--all'], directory);
    await this.git(['commit', '--quiet', '-m', message], directory);
  }

  /** Makes a project of `files`. */
  async project(name: string, files: Readonly<Record<string, string>>): Promise<void> {
    const directory = this.files(`from ${name.replace('/', ' ')}`, files);
    await this.mic(['project', 'create', name, `--from=${directory}`]);
  }

  /** Starts a session with a workspace. */
  async session(project: string, title = 'work', options: RunOptions = {}): Promise<StartedSession> {
    const { sessionId, workspace } = await this.json<{ sessionId: string; workspace: string }>(
      ['session', 'start', title, `--project=${project}`],
      options,
    );
    return { id: sessionId, workspace };
  }

  /** Whether everything in the store is whole, as `mic store fsck` says. */
  async requireWhole(options: RunOptions = {}): Promise<void> {
    const { whole } = await this.json<{ whole: boolean }>(['store', 'fsck'], options);
    assert.equal(whole, true);
  }
}

export interface StartedSession {
  readonly id: string;
  readonly workspace: string;
}

/** Writes a file, and the directories above it. */
export function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
