import { assert } from '../base/error.ts';
import { ByteReader } from './byte-reader.ts';
import { GitError } from './git-error.ts';
import type { GitProcess } from './git-process.ts';
import { type ObjectId, parseObjectId } from './object-id.ts';
import { gitArguments, type Repository } from './repository.ts';

export type GitObjectType = 'blob' | 'tree' | 'commit' | 'tag';

interface GitObjectHead {
  readonly id: ObjectId;
  readonly type: GitObjectType;
  /** In bytes. */
  readonly size: number;
}

/** A git object: small ones whole, large blobs as a stream that is read before the next object is asked for. */
export type GitObject =
  | (GitObjectHead & { readonly form: 'whole'; readonly bytes: Buffer })
  | (GitObjectHead & { readonly form: 'streamed'; readonly pieces: AsyncGenerator<Buffer> });

/** Blobs above this size are streamed. */
const wholeBlobBytesMax = 1024 * 1024;
/** Largest tree, commit or tag that is read. A tree of a million entries has some 40 MB. */
const structureBytesMax = 512 * 1024 * 1024;
/** Requests are sent in groups of this size, and the next group once fewer than this many are unanswered. */
const requestsPerGroup = 256;

/**
 * Reads objects of a repository by their ids through one long-running `git cat-file`. Requests are pipelined; git is
 * never more than two groups of requests ahead, and its output waits in the pipe while nobody reads.
 */
export class ObjectReader {
  readonly #process: GitProcess;
  readonly #bytes: ByteReader;
  #busy = false;

  private constructor(process: GitProcess) {
    this.#process = process;
    this.#bytes = new ByteReader(process.stdout);
  }

  static async open(repository: Repository): Promise<ObjectReader> {
    const command = ['cat-file', '--batch-command', '--buffer'];
    return new ObjectReader(await repository.git.start(gitArguments(repository, command)));
  }

  /**
   * The objects that `ids` name, in their order. `ids` is asked for more only as answers are taken, so it may depend
   * on what was read before. One call at a time; after an error, or after leaving the loop early, only `close` is left.
   * Throws `git/object-missing` and `git/failed`.
   */
  async *readAll(ids: Iterable<ObjectId>): AsyncGenerator<GitObject> {
    assert(!this.#busy, 'an ObjectReader was used twice at once, or after an error');
    this.#busy = true;
    const waiting = ids[Symbol.iterator]();
    let unanswered = 0;
    let exhausted = false;
    for (;;) {
      if (!exhausted && unanswered < requestsPerGroup) {
        const sent = this.#request(waiting);
        exhausted = sent < requestsPerGroup;
        unanswered += sent;
      }
      if (unanswered === 0) break;
      const head = this.#readHead();
      const object = this.#withContent(head instanceof Promise ? await head : head);
      const known = object instanceof Promise ? await object : object;
      yield known;
      if (known.form === 'streamed') for await (const _ of known.pieces);
      const end = this.#bytes.take(1);
      if ((end instanceof Promise ? await end : end) === undefined) throw await this.#process.failure();
      unanswered--;
    }
    this.#busy = false;
  }

  /** One tree, commit or tag. Throws `git/object-wrong-type` besides what `readAll` throws. */
  async read(id: ObjectId, type: Exclude<GitObjectType, 'blob'>): Promise<Buffer> {
    let bytes: Buffer | undefined;
    for await (const object of this.readAll([id])) bytes = wholeBytes(object, type);
    assert(bytes !== undefined, 'git answered nothing');
    return bytes;
  }

  /** The type of the object that `id` names; undefined where the repository has none. */
  async typeOf(id: ObjectId): Promise<GitObjectType | undefined> {
    const [found] = await this.resolve([id]);
    return found?.type;
  }

  /**
   * What each of `names` stands for now, in this order: a ref, or a path in one (`refs/heads/main:src`). Undefined where it
   * stands for nothing. Git guesses what a name may mean, so whoever asks for a ref that may not be there looks at the type.
   */
  async resolve(
    names: readonly string[],
  ): Promise<readonly ({ readonly id: ObjectId; readonly type: GitObjectType } | undefined)[]> {
    assert(!this.#busy, 'an ObjectReader was used twice at once, or after an error');
    if (names.length === 0) return [];
    this.#busy = true;
    this.#process.write(`${names.map((name) => `info ${name}\n`).join('')}flush\n`);
    const found: ({ readonly id: ObjectId; readonly type: GitObjectType } | undefined)[] = [];
    for (const name of names) {
      const line = await this.#bytes.line();
      if (line === undefined) throw await this.#process.failure();
      const said = Buffer.from(name).toString('latin1');
      const isNothing = line === `${said} missing` || line === `${said} ambiguous`;
      found.push(isNothing ? undefined : parseHead(line));
    }
    this.#busy = false;
    return found;
  }

  /** The tree of the commit `id`. Throws as `read` does. */
  async treeOfCommit(id: ObjectId): Promise<ObjectId> {
    const bytes = await this.read(id, 'commit');
    return parseObjectId(bytes.toString('latin1', 'tree '.length, bytes.indexOf(0x0a)));
  }

  /** Ends git, wherever it is. */
  async close(): Promise<void> {
    await this.#process.stop();
  }

  /** Sends up to a group of requests; returns how many. Fewer than a group means that there are no more. */
  #request(waiting: Iterator<ObjectId>): number {
    let text = '';
    let count = 0;
    for (; count < requestsPerGroup; count++) {
      const next = waiting.next();
      if (next.done) break;
      text += `contents ${next.value}\n`;
    }
    // What is written waits for nothing: two groups are a few kilobytes.
    if (count > 0) this.#process.write(`${text}flush\n`);
    return count;
  }

  #readHead(): GitObjectHead | Promise<GitObjectHead> {
    const line = this.#bytes.line();
    return line instanceof Promise
      ? line.then((text) => this.#parseHead(text))
      : line === undefined
        ? this.#parseHead(line)
        : parseHead(line);
  }

  async #parseHead(line: string | undefined): Promise<GitObjectHead> {
    if (line === undefined) throw await this.#process.failure();
    return parseHead(line);
  }

  #withContent(head: GitObjectHead): GitObject | Promise<GitObject> {
    const { id, type, size } = head;
    if (type === 'blob' && size > wholeBlobBytesMax) {
      return { form: 'streamed', id, type, size, pieces: this.#pieces(size) };
    }
    if (size > structureBytesMax) {
      throw new GitError(
        'git/object-too-large',
        `The ${type} ${id} has ${size} bytes, which is too large to read.`,
      );
    }
    const bytes = this.#bytes.take(size);
    if (bytes instanceof Promise || bytes === undefined) return this.#late(head, bytes);
    return { form: 'whole', id, type, size, bytes };
  }

  async #late(head: GitObjectHead, coming: Promise<Buffer | undefined> | undefined): Promise<GitObject> {
    const bytes = await coming;
    if (bytes === undefined) throw await this.#process.failure();
    return { form: 'whole', ...head, bytes };
  }

  async *#pieces(size: number): AsyncGenerator<Buffer> {
    for (let missing = size; missing > 0; ) {
      const piece = await this.#bytes.piece(missing);
      if (piece === undefined) throw await this.#process.failure();
      missing -= piece.length;
      yield piece;
    }
  }
}

/** The bytes of an object that must be a `type`; throws `git/object-wrong-type`. */
export function wholeBytes(object: GitObject, type: Exclude<GitObjectType, 'blob'>): Buffer {
  if (object.type !== type || object.form !== 'whole') {
    throw new GitError(
      'git/object-wrong-type',
      `Object ${object.id} should be a ${type}, and is a ${object.type}.`,
    );
  }
  return object.bytes;
}

function parseHead(line: string): GitObjectHead {
  const [id, type, size] = line.split(' ');
  if (type === 'missing') {
    throw new GitError(
      'git/object-missing',
      `The repository has no object ${id}, though something in it names it. Run "git fsck" in it, or fetch what is missing.`,
    );
  }
  return { id: id as ObjectId, type: type as GitObjectType, size: Number(size) };
}
