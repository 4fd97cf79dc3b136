import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import type { Redactor } from '../session/redaction.ts';
import { AgentError } from './agent-error.ts';

/** A log has no more than this of one attempt, in bytes. */
const logBytesMax = 32 * 1024 * 1024;
/** What is longer is cut, in characters. */
const lineLengthMax = 16 * 1024;
/** How much of the end goes into the record, in characters. */
const tailLengthMax = 4000;

/** What an agent program says: a log on this machine, and its end for the record. No secret that is known gets there. */
export class ProgramOutput {
  readonly #redactor: Redactor;
  readonly #file: WriteStream;
  readonly #path: string;
  #failure: Error | undefined;
  #bytes = 0;
  #tail = '';

  /** Opens the log `path` to append to. Only the user can read it. */
  constructor(path: string, redactor: Redactor) {
    this.#path = path;
    this.#redactor = redactor;
    this.#file = createWriteStream(path, { flags: 'a', mode: 0o600 });
    this.#file.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** What takes the bytes of one stream, and at its end undefined. Lines of several streams stay whole. */
  stream(): (bytes: Buffer | undefined) => void {
    const decoder = new StringDecoder('utf8');
    let open = '';
    return (bytes) => {
      open += bytes === undefined ? decoder.end() : decoder.write(bytes);
      const lines = open.split('\n');
      open = lines.pop() ?? '';
      for (const line of lines) this.#say(line);
      if (bytes === undefined ? open !== '' : open.length > lineLengthMax) {
        this.#say(open);
        open = '';
      }
    };
  }

  /** A line of the runner's own. */
  say(line: string): void {
    this.#write(line);
  }

  /** The end of what was said, for the record; empty where nothing was. */
  get tail(): string {
    return this.#tail.trim();
  }

  /** Ends the log. Throws `agent/disk` where it could not be written. */
  async close(): Promise<void> {
    this.#file.end();
    await finished(this.#file).catch((error: Error) => {
      this.#failure ??= error;
    });
    if (this.#failure === undefined) return;
    throw new AgentError(
      'agent/disk',
      `The log "${this.#path}" cannot be written (${this.#failure.message}). See that there is space, and that the directory is yours.`,
      { cause: this.#failure },
    );
  }

  #say(line: string): void {
    const shown = this.#redactor.line(line.slice(0, lineLengthMax).replace(/\r$/, ''));
    this.#tail = `${this.#tail}${shown}\n`.slice(-tailLengthMax);
    this.#write(shown);
  }

  #write(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    if (this.#bytes > logBytesMax) return;
    this.#bytes += bytes.length;
    this.#file.write(bytes);
    if (this.#bytes > logBytesMax) this.#file.write('(The rest is left out: it is too long.)\n');
  }
}
