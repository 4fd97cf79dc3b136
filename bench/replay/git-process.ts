import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

/** Which repository git works on, and the environment it does so in. */
export interface GitContext {
  readonly repository: string;
  readonly environment: NodeJS.ProcessEnv;
}

export interface GitResult {
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs git to its end. `input` goes to its standard input. */
export async function runGit(
  context: GitContext,
  args: readonly string[],
  input: string | Buffer = '',
): Promise<GitResult> {
  const child = startGit(context, args);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A git that fails early does not read its input to the end; its exit code says so.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { exitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
}

/** Runs git, and throws what it complains of if it fails. */
export async function gitOutput(
  context: GitContext,
  args: readonly string[],
  input: string | Buffer = '',
): Promise<Buffer> {
  const result = await runGit(context, args, input);
  if (result.exitCode !== 0) throw new Error(`git ${args[0]} failed: ${result.stderr.trim()}`);
  return result.stdout;
}

function startGit(context: GitContext, args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn('git', ['-C', context.repository, ...args], { env: context.environment });
}

/**
 * The length of an answer in bytes, from what git has written so far; undefined while that does not tell. It may be
 * more than has come: the rest is waited for.
 */
export type AnswerLength = (received: Buffer) => number | undefined;

interface Question {
  readonly answerLength: AnswerLength;
  readonly resolve: (answer: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** A git that answers questions one after the other, for as long as it is not closed. */
export class GitDialogue {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #questions: Question[] = [];
  #received: Buffer[] = [];
  #receivedBytes = 0;
  /** Nothing is done before this many bytes have come. */
  #awaitedBytes = 0;

  constructor(context: GitContext, args: readonly string[]) {
    this.#child = startGit(context, args);
    const fail = (error: Error) => {
      for (const question of this.#questions.splice(0)) question.reject(error);
    };
    let complaint = '';
    this.#child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    this.#child.on('error', fail);
    this.#child.on('close', () => fail(new Error(`git ${args[0]} stopped: ${complaint.trim()}`)));
    this.#child.stdin.on('error', fail);
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#receivedBytes += chunk.length;
      this.#answer();
    });
  }

  ask(question: string | Buffer, answerLength: AnswerLength): Promise<Buffer> {
    const answer = new Promise<Buffer>((resolve, reject) => {
      this.#questions.push({ answerLength, resolve, reject });
    });
    this.#child.stdin.write(question);
    return answer;
  }

  close(): void {
    this.#child.stdin.end();
  }

  #answer(): void {
    for (let question = this.#questions[0]; question !== undefined; question = this.#questions[0]) {
      if (this.#receivedBytes < this.#awaitedBytes) return;
      const received = this.#received.length === 1 ? this.#received[0]! : Buffer.concat(this.#received);
      const length = question.answerLength(received);
      this.#received = [received];
      this.#awaitedBytes = length ?? 0;
      if (length === undefined || received.length < length) return;
      this.#questions.shift();
      this.#received = [received.subarray(length)];
      this.#receivedBytes -= length;
      this.#awaitedBytes = 0;
      question.resolve(received.subarray(0, length));
    }
  }
}
