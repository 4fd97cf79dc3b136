import { createHash, type Hash as Digest, hash as digest } from 'node:crypto';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { constants, createDeflate, deflate, deflateSync } from 'node:zlib';
import { assert } from '../base/error.ts';
import type { GitProcess } from './git-process.ts';
import { type ObjectFormat, type ObjectId, parseObjectIdOf } from './object-id.ts';
import type { GitObjectType } from './object-reader.ts';
import { gitArguments, type Repository } from './repository.ts';

/** A pack is sent to git once its objects have this many bytes before compression. */
const packBytesTarget = 64 * 1024 * 1024;
/** Most bytes that wait for compression. */
const compressingBytesMax = 8 * 1024 * 1024;
/** Bytes of a pack that are handed to git at once: most objects are far smaller, and each write has its price. */
const writeBytesTarget = 64 * 1024;
/** With fewer objects than this, git makes loose objects of a pack, as it does with what is pushed to it. */
export const packObjectsMin = 100;
/** Up to this many bytes, handing the work to another thread takes longer than doing it. */
const inlineBytesMax = 16 * 1024;
/** The fast end: git compresses anew, and against other versions, whenever it packs. */
const compression = { level: constants.Z_BEST_SPEED };
const deflateInPool = promisify<Uint8Array, typeof compression, Buffer>(deflate);

const packHeaderBytes = 12;
const packVersion = 2;
const packType: Readonly<Record<GitObjectType, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 };

/**
 * Writes git objects as a push would bring them: in packs that git itself checks and stores. Ids are known at once;
 * the objects are in the repository once `flush` has ended. Not asked is whether the repository has one already: git
 * ignores it, or drops it when it packs.
 */
export class ObjectWriter {
  readonly #repository: Repository;
  readonly #added = new Set<ObjectId>();
  #pending: PendingObject[] = [];
  #pendingBytes = 0;
  #compressingBytes = 0;
  /** Objects sent to git, or about to be. */
  objects = 0;

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /** Adds an object whose bytes are at hand. Throws `git/failed` when a pack had to be sent and git refused it. */
  async add(type: GitObjectType, bytes: Uint8Array): Promise<ObjectId> {
    const id = objectIdOf(this.#repository.objectFormat, type, bytes);
    if (this.#added.has(id)) return id;
    this.#added.add(id);
    const head = entryHead(type, bytes.length);
    this.#pending.push({ head, compressed: this.#compress(bytes) });
    this.#pendingBytes += bytes.length;
    this.objects++;
    if (this.#compressingBytes > compressingBytesMax) await this.#pending.at(-1)!.compressed;
    if (this.#pendingBytes >= packBytesTarget) await this.flush();
    return id;
  }

  /** Adds a blob of exactly `size` bytes, in bounded memory. It is in the repository when the call ends. */
  async addStream(size: number, pieces: AsyncIterable<Uint8Array>): Promise<ObjectId> {
    const { objectFormat } = this.#repository;
    const id = createHash(objectFormat).update(`blob ${size}\0`);
    const pack = await PackSender.start(this.#repository, 1, 'pack');
    try {
      await pack.send(entryHead('blob', size));
      for await (const piece of deflated(hashed(id, size, pieces))) await pack.send(piece);
      await pack.finish();
    } catch (error) {
      await pack.stop();
      throw error;
    }
    const name = parseObjectIdOf(objectFormat, id.digest('hex'));
    this.#added.add(name);
    this.objects++;
    return name;
  }

  /** Ends once everything that was added is in the repository. */
  async flush(): Promise<void> {
    const objects = this.#pending;
    if (objects.length === 0) return;
    this.#pending = [];
    this.#pendingBytes = 0;
    const into = objects.length < packObjectsMin ? 'loose' : 'pack';
    const pack = await PackSender.start(this.#repository, objects.length, into);
    try {
      for (const { head, compressed } of objects) {
        await pack.send(head);
        await pack.send(compressed instanceof Promise ? await compressed : compressed);
      }
      await pack.finish();
    } catch (error) {
      await pack.stop();
      throw error;
    }
  }

  #compress(bytes: Uint8Array): Buffer | Promise<Buffer> {
    // Copied: what zlib returns is a view of a buffer that is many times larger.
    if (bytes.length <= inlineBytesMax) return Buffer.from(deflateSync(bytes, compression));
    this.#compressingBytes += bytes.length;
    const compressed = deflateInPool(bytes, compression).then((view) => {
      this.#compressingBytes -= bytes.length;
      return Buffer.from(view);
    });
    // A failure is reported by the flush that waits for this; until then it must only not count as unhandled.
    compressed.catch(() => {});
    return compressed;
  }
}

/** An object as it will stand in a pack. */
interface PendingObject {
  readonly head: Buffer;
  readonly compressed: Buffer | Promise<Buffer>;
}

/** The id of a git object. */
export function objectIdOf(format: ObjectFormat, type: GitObjectType, bytes: Uint8Array): ObjectId {
  return digest(format, Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes]), 'hex') as ObjectId;
}

/** A pack on its way into git. */
class PackSender {
  readonly #process: GitProcess;
  readonly #digest: Digest;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  private constructor(process: GitProcess, format: ObjectFormat) {
    this.#process = process;
    this.#digest = createHash(format);
    // Neither command says anything that is of use here, but an unread pipe would stop it.
    process.stdout.resume();
  }

  static async start(repository: Repository, objects: number, into: 'loose' | 'pack'): Promise<PackSender> {
    const command = into === 'loose' ? ['unpack-objects', '-q'] : ['index-pack', '--stdin'];
    const process = await repository.git.start(gitArguments(repository, command));
    const sender = new PackSender(process, repository.objectFormat);
    const header = Buffer.alloc(packHeaderBytes);
    header.write('PACK', 'latin1');
    header.writeUInt32BE(packVersion, 4);
    header.writeUInt32BE(objects, 8);
    await sender.send(header);
    return sender;
  }

  async send(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= writeBytesTarget) await this.#sendWaiting();
  }

  async #sendWaiting(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#digest.update(bytes);
    const busy = this.#process.write(bytes);
    if (busy) await busy;
  }

  async finish(): Promise<void> {
    await this.#sendWaiting();
    this.#process.write(this.#digest.digest());
    this.#process.end();
    await this.#process.succeeded();
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}

/** What stands in a pack before an object's bytes: its type and size, 4 bits and then 7 bits a byte. */
function entryHead(type: GitObjectType, size: number): Buffer {
  const bytes: number[] = [];
  let byte = (packType[type] << 4) | (size & 0x0f);
  // Divided and not shifted: a size can have more than 32 bits.
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(byte | 0x80);
    byte = rest & 0x7f;
  }
  bytes.push(byte);
  return Buffer.from(bytes);
}

async function* hashed(
  id: Digest,
  size: number,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const piece of pieces) {
    id.update(piece);
    seen += piece.length;
    yield piece;
  }
  assert(seen === size, `a blob of ${size} bytes came with ${seen}`);
}

async function* deflated(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const stream = Readable.from(source).compose(createDeflate(compression));
  for await (const piece of stream) yield piece as Buffer;
}
