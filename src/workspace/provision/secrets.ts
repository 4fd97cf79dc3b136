import { spawn } from 'node:child_process';
import type { ConfLayer } from './conf.ts';
import { type ConfPlace, ProvisionError, placeText } from './provision-error.ts';

/** The file beside the configuration that says which command gives which secret. */
export const secretsName = 'secrets.conf';

/** How a secret is got. */
export interface SecretCommand {
  readonly name: string;
  /** The program and its arguments. */
  readonly words: readonly [string, ...string[]];
  readonly place: ConfPlace;
}

export interface SecretOptions {
  /** Where commands are run. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How long each may take, in ms. */
  readonly timeoutMs: number;
}

export const secretTimeoutMsDefault = 30_000;
/** The longest secret, in bytes. */
const secretBytesMax = 64 * 1024;
/** How much of what a failed command complained of is shown, in characters. */
const complaintCharactersMax = 500;

/**
 * Reads `NAME = program arguments` lines. Words are parted by blanks; quotes, single or double, keep blanks together;
 * nothing is expanded. A later line of the same name wins. What is wrong is put into `problems`.
 */
export function parseSecrets(
  layers: readonly ConfLayer[],
  problems: ProvisionError[],
): Map<string, SecretCommand> {
  const commands = new Map<string, SecretCommand>();
  for (const { file, text } of layers) {
    for (const [index, line] of text.split('\n').entries()) {
      const trimmed = line.trim();
      if (trimmed === '' || trimmed.startsWith('#')) continue;
      const place = { file, line: index + 1 };
      const [, name, command] = /^([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.+)$/.exec(trimmed) ?? [];
      const words = command === undefined ? undefined : splitWords(command);
      const [program, ...rest] = words ?? [];
      if (name === undefined || program === undefined || program === '') {
        // The line is not shown: it may be that somebody wrote a secret there.
        const advice =
          'Write NAME = program arguments, with letters, digits and _ in the name, and quotes in pairs';
        problems.push(
          new ProvisionError(
            'provision/conf-invalid',
            `${placeText(place)}: the line is not understood. ${advice}.`,
          ),
        );
      } else commands.set(name, { name, words: [program, ...rest], place });
    }
  }
  return commands;
}

/** The words of a command; undefined where a quote is not closed. */
function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  const token = /\s*((?:"[^"]*"|'[^']*'|[^\s"'])+)/gy;
  let end = 0;
  for (const match of text.matchAll(token)) {
    end = match.index + match[0].length;
    words.push(
      match[1]!.replace(
        /"([^"]*)"|'([^']*)'/g,
        (_, double?: string, single?: string) => double ?? single ?? '',
      ),
    );
  }
  return text.slice(end).trim() === '' ? words : undefined;
}

/**
 * Runs the commands of `names`, all at once, and returns what they print, without the line break at its end. Throws
 * `provision/secret-failed`, with all that failed and never with a part of a value.
 */
export async function fetchSecrets(
  commands: ReadonlyMap<string, SecretCommand>,
  names: readonly string[],
  options: SecretOptions,
): Promise<Map<string, string>> {
  const results = await Promise.allSettled(names.map((name) => runCommand(commands.get(name)!, options)));
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  const unexpected = failures.find((failure) => !(failure instanceof ProvisionError));
  if (unexpected !== undefined) throw unexpected;
  if (failures.length > 0) {
    const messages = failures.map((failure) => (failure as ProvisionError).message);
    throw new ProvisionError('provision/secret-failed', messages.join('\n'));
  }
  return new Map(names.map((name, i) => [name, (results[i] as PromiseFulfilledResult<string>).value]));
}

async function runCommand({ name, words, place }: SecretCommand, options: SecretOptions): Promise<string> {
  const [program, ...args] = words;
  const fail = (what: string): ProvisionError =>
    new ProvisionError(
      'provision/secret-failed',
      `${placeText(place)}: the command for the secret ${name} ${what}`,
    );
  const child = spawn(program, args, {
    cwd: options.directory,
    env: { ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what the command has started ends with it.
    detached: true,
  });
  const pieces: Buffer[] = [];
  let size = 0;
  let complaint = '';
  let ended: 'too slow' | 'too long' | undefined;
  const stop = (reason: 'too slow' | 'too long'): void => {
    ended ??= reason;
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has gone in the meantime.
    }
    child.stdout.destroy();
    child.stderr.destroy();
  };
  child.stdout.on('data', (piece: Buffer) => {
    pieces.push(piece);
    size += piece.length;
    if (size > secretBytesMax) stop('too long');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-8 * complaintCharactersMax);
  });
  const timer = setTimeout(() => stop('too slow'), options.timeoutMs);
  const outcome = await new Promise<{
    code: number | null;
    signal: string | null;
    error?: NodeJS.ErrnoException;
  }>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ code: null, signal: null, error }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  clearTimeout(timer);
  const output = Buffer.concat(pieces).toString('utf8');
  const value = output.replace(/\r?\n$/, '');
  if (ended === 'too slow')
    throw fail(`did not end within ${options.timeoutMs / 1000} s, and was stopped. Try it by hand.`);
  if (ended === 'too long')
    throw fail(`printed more than ${secretBytesMax} bytes. See that it prints only the secret.`);
  if (outcome.error !== undefined) {
    throw fail(`cannot be started: "${program}" (${outcome.error.code}). Install it, or correct the line.`);
  }
  const said = withoutValue(complaint, output).trim().slice(-complaintCharactersMax);
  if (outcome.code !== 0) {
    const how =
      outcome.code === null ? `was ended by ${outcome.signal}` : `ended with exit code ${outcome.code}`;
    throw fail(`${how}${said === '' ? ', without a word' : `: ${said}`}. Try it by hand.`);
  }
  if (value === '') throw fail('printed nothing. See that it prints the secret on standard output.');
  return value;
}

/** A text in which what a command has printed is hidden: as a whole, by lines and by words. */
export function withoutValue(text: string, output: string): string {
  const parts = [output.trim(), ...output.split('\n'), ...output.split(/\s+/)].map((part) => part.trim());
  const hidden = [...new Set(parts)].filter((part) => part !== '').sort((a, b) => b.length - a.length);
  return hidden.reduce((shown, part) => shown.replaceAll(part, '***'), text);
}
