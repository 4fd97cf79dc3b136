import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SystemTrouble, spokenTrouble } from '../base/system-error.ts';
import { type Environment, gitEnvironment } from './git-environment.ts';
import { codeOfTrouble, GitError } from './git-error.ts';
import { endOf, withoutCredentials } from './redaction.ts';

/** Oldest git that has all we use. */
const versionMin = [2, 39] as const;
/** How much of the end of git's standard error is kept, in characters. */
const stderrCharactersMax = 4096;
/** Most bytes that `run` and `attempt` gather. What may be larger is read from `start`'s stream. */
const outputBytesMax = 256 * 1024 * 1024;
/** What git says where another process is just making a worktree, how often it is asked again, and after how long. */
const halfMadeWorktree = /failed to read \S.*\/worktrees\/[^/]+\/commondir: /;
const halfMadeAttemptsMax = 20;
const halfMadePauseMs = 5;

export interface GitExit {
  /** Undefined where a signal ended git, or where it could not be started. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** Set where the operating system could not start git. */
  readonly startError: NodeJS.ErrnoException | undefined;
}

export interface GitOutput {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface StartOptions {
  /** An index of one's own, absolute: the repository's is neither read nor written. */
  readonly indexFile?: string;
  /** What hooks and credential helpers that git runs shall find, besides what this process was given. */
  readonly environment?: Environment;
}

export interface RunOptions extends StartOptions {
  /** What git reads from its standard input; nothing where it is not given. */
  readonly input?: Uint8Array | string;
  /**
   * `none` is for a command that changes nothing, wherever it runs: it starts while it is still being found out whether git
   * is new enough, and its answer waits for that.
   */
  readonly effect?: 'none';
}

export interface HookOptions {
  /** The git directory that it runs in, absolute. */
  readonly directory: string;
  /** What it reads from its standard input. */
  readonly input: string;
}

/** The real git of this machine. Checks once, at the first command, that it is there and new enough. */
export class Git {
  readonly #environment: Environment;
  readonly #binary: string;
  #checked: Promise<void> | undefined;

  /** `environment` is what the calling process has; git gets the part of it that does not point elsewhere. */
  constructor(environment: Environment, binary = 'git') {
    this.#environment = gitEnvironment(environment);
    this.#binary = binary;
  }

  /** A variable of the environment that git runs in. */
  variable(name: string): string | undefined {
    return this.#environment[name];
  }

  /** Runs git and returns its standard output. Throws `git/failed` when it exits with anything but 0. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Buffer> {
    const { process, stdout } = await this.#finish(args, options);
    await process.succeeded();
    return stdout;
  }

  /**
   * Runs git and returns how it went, for commands whose exit code is an answer. Throws when git was killed, `git/disk-full`
   * and `git/denied`.
   */
  async attempt(args: readonly string[], options: RunOptions = {}): Promise<GitOutput> {
    const { process, stdout } = await this.#finish(args, options);
    const exit = await process.exited;
    // What the disk says is no answer of git.
    if (exit.code === undefined || (exit.code !== 0 && process.trouble !== undefined))
      throw await process.failure();
    return { exitCode: exit.code, stdout, stderr: process.stderr };
  }

  /**
   * Runs git to its end. Several commands of git look at all worktrees of a repository, and give up where one is just being
   * made and its file is still empty (git 2.39): they are run again.
   */
  async #finish(
    args: readonly string[],
    options: RunOptions,
  ): Promise<{ readonly process: GitProcess; readonly stdout: Buffer }> {
    for (let attempt = 1; ; attempt++) {
      const known = this.#known();
      if (options.effect !== 'none') await known;
      const process = this.#spawn(args, options);
      const [stdout] = await Promise.all([gather(process, options.input), known]);
      const { code } = await process.exited;
      if (code !== 128 || attempt >= halfMadeAttemptsMax || !halfMadeWorktree.test(process.stderr))
        return { process, stdout };
      await sleep(halfMadePauseMs * attempt);
    }
  }

  /** Starts git, to be written to and read from. Throws `git/missing` and `git/too-old`. */
  async start(args: readonly string[], options: StartOptions = {}): Promise<GitProcess> {
    await this.#known();
    return this.#spawn(args, options);
  }

  /** Starts git in the background, where it goes on when this process ends. What becomes of it nobody hears. */
  async startDetached(args: readonly string[]): Promise<void> {
    await this.#known();
    const child = spawn(this.#binary, args, {
      env: { ...this.#environment },
      stdio: 'ignore',
      detached: true,
      windowsHide: true,
    });
    // A machine that can start no more processes has other worries.
    child.on('error', () => {});
    child.unref();
  }

  /**
   * Runs a hook as git does: in the git directory `directory`, with git's environment, and by a shell where it does not say
   * what else is to run it. Throws `git/failed` where it cannot be started or is killed.
   */
  async runHook(
    file: string,
    args: readonly string[],
    { directory, input }: HookOptions,
  ): Promise<GitOutput> {
    for (const [program, ...before] of [[file], ['/bin/sh', file]] as const) {
      const child = spawn(program, [...before, ...args], {
        cwd: directory,
        env: { ...this.#environment, GIT_DIR: '.' },
        stdio: ['pipe', 'pipe', 'pipe'],
        windowsHide: true,
      });
      const process = new GitProcess(child, [file]);
      const stdout = await gather(process, input);
      const { code, startError } = await process.exited;
      if (code !== undefined) return { exitCode: code, stdout, stderr: process.stderr };
      if (startError?.code === 'ENOEXEC' && program === file) continue;
      throw new GitError('git/failed', `The hook ${file} could not be run, or was killed.`, {
        ...(startError && { cause: startError }),
        failure: { command: [file, ...args], exitCode: code, stderr: process.stderr },
      });
    }
    throw new Error('There is nothing left to run a hook with.');
  }

  /**
   * Starts a hook as `runHook` does, in the background, where it goes on when this process ends. What it prints is in `log`;
   * what becomes of it nobody hears.
   */
  async startHook(
    file: string,
    args: readonly string[],
    { directory, input, log }: HookOptions & { readonly log: string },
  ): Promise<void> {
    const output = await open(log, 'w');
    try {
      for (const [program, ...before] of [[file], ['/bin/sh', file]] as const) {
        const child = spawn(program, [...before, ...args], {
          cwd: directory,
          env: { ...this.#environment, GIT_DIR: '.' },
          stdio: ['pipe', output.fd, output.fd],
          detached: true,
          windowsHide: true,
        });
        // One that does not read what it is told is its own business.
        child.stdin!.on('error', () => {});
        child.stdin!.end(input);
        const started = new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
          child.once('spawn', () => resolve(undefined)).once('error', resolve);
        });
        const error = await started;
        child.unref();
        if (error?.code !== 'ENOEXEC') {
          if (error !== undefined) await output.write(`${error.message}\n`);
          return;
        }
      }
    } finally {
      await output.close();
    }
  }

  /** Ends once git is known to be there and new enough. */
  #known(): Promise<void> {
    this.#checked ??= this.#check();
    return this.#checked;
  }

  #spawn(args: readonly string[], { indexFile, environment = {} }: StartOptions): GitProcess {
    const index = indexFile === undefined ? {} : { GIT_INDEX_FILE: indexFile };
    const child = spawn(this.#binary, args, {
      env: { ...this.#environment, ...environment, ...index },
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    return new GitProcess(child, args);
  }

  async #check(): Promise<void> {
    const process = this.#spawn(['version'], {});
    const stdout = await gather(process, undefined);
    await process.succeeded();
    const text = stdout.toString('latin1').trim();
    const [, major, minor] = /(\d+)\.(\d+)/.exec(text) ?? [];
    const newer = Number(major) - versionMin[0] || Number(minor) - versionMin[1];
    if (!(newer >= 0)) {
      throw new GitError(
        'git/too-old',
        `Micelio needs git ${versionMin.join('.')} or newer, and this is "${text.slice(0, 80)}". Install a newer git, or put it first on PATH.`,
      );
    }
  }
}

/** One running git. Whoever starts it reads its output to the end or stops it. */
export class GitProcess {
  readonly stdout: Readable;
  /** Never rejects. */
  readonly exited: Promise<GitExit>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #command: readonly string[];
  #stderr = '';

  constructor(child: ChildProcessByStdio<Writable, Readable, Readable>, command: readonly string[]) {
    this.#child = child;
    this.#command = command;
    this.stdout = child.stdout;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = endOf(this.#stderr + text, stderrCharactersMax);
    });
    // A git that ends early closes its input under us. Why it ended is in its exit code and standard error.
    child.stdin.on('error', () => {});
    this.exited = new Promise((resolve) => {
      let startError: NodeJS.ErrnoException | undefined;
      child.once('error', (error) => {
        startError = error;
        if (child.pid === undefined) resolve({ code: undefined, signal: undefined, startError });
      });
      child.once('close', (code, signal) =>
        resolve({ code: code ?? undefined, signal: signal ?? undefined, startError }),
      );
    });
  }

  /** The end of what git has written to its standard error so far, without credentials. */
  get stderr(): string {
    // ssh ends its lines for a terminal.
    return withoutCredentials(this.#stderr.replaceAll('\r\n', '\n').trim());
  }

  /** What git has said of this machine's disk, if that is full or may not be written. */
  get trouble(): SystemTrouble | undefined {
    // What begins otherwise is a warning, or a remote's.
    return spokenTrouble(
      this.#stderr
        .split('\n')
        .filter((line) => /^(?:fatal|error): /.test(line))
        .join('\n'),
    );
  }

  /** Sends bytes to git. Returns what to wait for before sending more, or undefined when git keeps up. */
  write(bytes: Uint8Array | string): Promise<void> | undefined {
    const { stdin } = this.#child;
    if (stdin.destroyed || stdin.write(bytes)) return undefined;
    return new Promise((resolve) => {
      const done = () => {
        stdin.off('drain', done);
        stdin.off('close', done);
        resolve();
      };
      stdin.on('drain', done);
      stdin.on('close', done);
    });
  }

  /** Tells git that no more is coming. */
  end(): void {
    this.#child.stdin.end();
  }

  /** Waits for git's end, its output having been read; throws as `failure` says unless it exits with 0. */
  async succeeded(): Promise<void> {
    const exit = await this.exited;
    if (exit.code !== 0) throw await this.failure();
  }

  /** Ends git now, if it has not ended, and waits until it is gone. */
  async stop(): Promise<void> {
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    // What git has started, such as an ssh that waits for a network, may hold the other end for minutes.
    this.#child.stderr.destroy();
    this.#child.kill();
    await this.exited;
  }

  /** What went wrong, once git has ended: `git/missing`, `git/disk-full`, `git/denied` or `git/failed`. */
  async failure(): Promise<GitError> {
    const { code, signal, startError } = await this.exited;
    const failure = { command: this.#command, exitCode: code, stderr: this.stderr };
    if (startError !== undefined) {
      return new GitError(
        'git/missing',
        'git could not be started. Install git, and see that it is on PATH ("git version" should answer).',
        { cause: startError, failure },
      );
    }
    const { trouble } = this;
    if (trouble !== undefined) {
      const words = `"git ${subcommandOf(this.#command)}" cannot do it: ${trouble.words}. Git says: ${this.stderr}`;
      return new GitError(codeOfTrouble[trouble.kind], words, { failure });
    }
    const how = code === undefined ? `was ended by ${signal}` : `failed with exit code ${code}`;
    const said = this.stderr === '' ? 'It gave no reason.' : this.stderr;
    return new GitError('git/failed', `"git ${subcommandOf(this.#command)}" ${how}: ${said}`, { failure });
  }
}

async function gather(process: GitProcess, input: Uint8Array | string | undefined): Promise<Buffer> {
  if (input !== undefined) process.write(input);
  process.end();
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of process.stdout as AsyncIterable<Buffer>) {
    pieces.push(piece);
    size += piece.length;
    if (size > outputBytesMax) {
      await process.stop();
      throw new GitError(
        'git/failed',
        `git answered with more than ${outputBytesMax} bytes, and was stopped.`,
      );
    }
  }
  return Buffer.concat(pieces, size);
}

/** The first argument that is no option: which git command this is. */
function subcommandOf(command: readonly string[]): string {
  for (let i = 0; i < command.length; i++) {
    const argument = command[i]!;
    if (argument === '-C' || argument === '-c') i++;
    else if (!argument.startsWith('-')) return argument;
  }
  return command.join(' ');
}
