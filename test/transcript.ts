import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import type { Scratch } from './mic.ts';

/** A command line of a transcript, and what it must say. */
interface Step {
  readonly line: string;
  readonly output: readonly string[];
  readonly exit: number;
}

/**
 * Types a transcript into one shell and checks what comes back. Lines behind `$ ` are typed, as they stand, those that
 * continue a `\` or a here-document included. The lines below are the output, standard error included, in which
 *
 * - `{name}` is any word when it first comes, and the same word from then on, in what is typed too;
 * - `*` is any text within a line, and a line `...` any number of lines;
 * - a last line `[5]` says that the command ends with exit code 5, not 0.
 *
 * The shell is `sh`, unless the transcript needs a `bash`. Returns the words that `{name}`s stood for.
 */
export async function follow(
  scratch: Scratch,
  transcript: string,
  program: 'sh' | 'bash' = 'sh',
): Promise<Record<string, string>> {
  const words: Record<string, string> = {};
  const shell = new Shell(program, scratch);
  try {
    for (const step of stepsOf(transcript)) {
      const line = filled(step.line, words);
      const { output, exit } = await shell.type(line);
      Object.assign(words, requireOutput(line, step, output, words));
      assert.equal(exit, step.exit, `exit code of: ${line}\n${output}`);
    }
  } finally {
    await shell.close();
  }
  return words;
}

function stepsOf(transcript: string): Step[] {
  const steps: { line: string; output: string[]; exit: number }[] = [];
  for (const text of transcript.split('\n').slice(1, -1)) {
    const last = steps.at(-1);
    const exit = /^\[(\d+)\]$/.exec(text);
    if (text.startsWith('$ ')) steps.push({ line: text.slice(2), output: [], exit: 0 });
    else if (last === undefined) assert.equal(text, '', 'a transcript begins with a command');
    else if (last.output.length === 0 && last.line.endsWith('\\')) last.line += `\n${text}`;
    else if (exit) last.exit = Number(exit[1]);
    else last.output.push(text);
  }
  return steps.map((step) => ({ ...step, output: withoutLastBlank(step.output) }));
}

/** A blank line in front of the next command is there for the eye. */
function withoutLastBlank(lines: readonly string[]): readonly string[] {
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function requireOutput(
  line: string,
  { output: expected }: Step,
  output: string,
  words: Readonly<Record<string, string>>,
): Record<string, string> {
  const found = patternOf(expected, words).exec(output);
  if (found === null) assert.equal(output, filled(expected.join('\n'), words), `output of: ${line}`);
  return { ...found!.groups };
}

function patternOf(lines: readonly string[], words: Readonly<Record<string, string>>): RegExp {
  const seen = new Set<string>();
  const source = lines.map((text) => {
    if (text === '...') return '(?:.*\\n)*';
    const parts = filled(text, words).split(/(\{\w+\}|\*)/);
    const pattern = parts.map((part) => {
      if (part === '*') return '.*';
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (name === undefined) return RegExp.escape(part);
      if (seen.has(name)) return `\\k<${name}>`;
      seen.add(name);
      return `(?<${name}>\\S+)`;
    });
    return `${pattern.join('')}\\n`;
  });
  return new RegExp(`^${source.join('')}$`);
}

function filled(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => words[name] ?? whole);
}

/** A shell that stays, so that `cd` and `export` do what they do for a user. */
class Shell {
  readonly #child: ChildProcess;
  #output = '';
  #wake: () => void = () => {};
  #ended = false;

  constructor(program: 'sh' | 'bash', scratch: Scratch) {
    this.#child = spawn(program, ['-s'], { cwd: scratch.directory, env: scratch.environment });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#wake();
    });
    this.#child.once('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  async type(line: string): Promise<{ output: string; exit: number }> {
    this.#child.stdin!.write(`{ ${line}\n} </dev/null 2>&1; printf '\\036%d\\037' "$?"\n`);
    for (;;) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what stands between the outputs of two commands.
      const end = /\x1e(\d+)\x1f/.exec(this.#output);
      if (end !== null) {
        const output = this.#output.slice(0, end.index);
        this.#output = this.#output.slice(end.index + end[0].length);
        return { output, exit: Number(end[1]) };
      }
      assert.ok(!this.#ended, `the shell ended at: ${line}\n${this.#output}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async close(): Promise<void> {
    this.#child.stdin!.end();
    while (!this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
