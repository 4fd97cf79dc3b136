import { hash } from 'node:crypto';
import type { InodeNumber } from '../vfs/file-system.ts';
import { type ExportKey, exportKeyOfWords } from './exports.ts';
import { handleBytesMax, handleCacheSlots } from './limits.ts';
import { nfsError } from './nfs-error.ts';
import type { XdrReader } from './xdr/reader.ts';
import type { XdrWriter } from './xdr/writer.ts';

/** Version 1, and three bytes that are zero. */
const version = 0x0100_0000;
const signedBytes = 28;
const macWords = 4;
/** Bytes of a handle: version, export, inode, code. */
export const handleBytes = signedBytes + 4 * macWords;

/** Bytes of a block of SHA-256, and of its result. */
const blockBytes = 64;
const digestBytes = 32;

/** What a handle says, and the code that proves it. */
export interface FileHandle {
  readonly exported: ExportKey;
  readonly inode: InodeNumber;
  readonly mac: readonly [number, number, number, number];
}

/**
 * Makes file handles and recognises them (docs/formats/file-handles.md). A handle is all there is to know about it, and
 * holds as long as the key does. Those that were made or verified lately are remembered, so that few are computed.
 */
export class FileHandles {
  readonly #slots: (FileHandle | undefined)[];
  readonly #mask: number;
  /** The inner and the outer message of HMAC (RFC 2104); each begins with the block that the key makes. */
  readonly #inner = Buffer.alloc(blockBytes + signedBytes);
  readonly #outer = Buffer.alloc(blockBytes + digestBytes);

  /** `key`: 16 to 64 bytes that nobody else has. `slots`: how many handles to remember, a power of two. */
  constructor(key: Uint8Array, slots = handleCacheSlots) {
    if (key.length < 16 || key.length > blockBytes)
      throw new RangeError('A key for file handles has 16 to 64 bytes.');
    this.#slots = new Array<FileHandle | undefined>(slots).fill(undefined);
    this.#mask = slots - 1;
    for (let i = 0; i < blockBytes; i++) {
      this.#inner[i] = 0x36 ^ (key[i] ?? 0);
      this.#outer[i] = 0x5c ^ (key[i] ?? 0);
    }
  }

  /** Writes the handle of a file, as an opaque. */
  write(writer: XdrWriter, exported: ExportKey, inode: InodeNumber): void {
    const slot = this.#slot(exported.words[0], inode | 0);
    let known = this.#slots[slot];
    if (known === undefined || known.inode !== inode || !sameWords(known.exported.words, exported.words)) {
      known = { exported, inode, mac: this.#mac(exported.words, high(inode), inode | 0) };
      this.#slots[slot] = known;
    }
    writer.uint32(handleBytes);
    writer.uint32(version);
    for (let i = 0; i < 4; i++) writer.uint32(exported.words[i]!);
    writer.uint64(inode);
    for (let i = 0; i < macWords; i++) writer.uint32(known.mac[i]!);
  }

  /** Reads a handle, as an opaque. Throws `nfs/bad-handle` for one that was not made with this key. */
  read(reader: XdrReader): FileHandle {
    const length = reader.length(handleBytesMax);
    if (length !== handleBytes) {
      reader.skip(length);
      throw nfsError('nfs/bad-handle');
    }
    const found = reader.int32();
    const w0 = reader.int32();
    const w1 = reader.int32();
    const w2 = reader.int32();
    const w3 = reader.int32();
    const inodeHigh = reader.int32();
    const inodeLow = reader.int32();
    const m0 = reader.int32();
    const m1 = reader.int32();
    const m2 = reader.int32();
    const m3 = reader.int32();
    if (found !== version) throw nfsError('nfs/bad-handle');
    const slot = this.#slot(w0, inodeLow);
    const known = this.#slots[slot];
    const inode = ((inodeHigh >>> 0) * 0x1_0000_0000 + (inodeLow >>> 0)) as InodeNumber;
    if (known !== undefined && known.inode === inode) {
      const { words } = known.exported;
      if (words[0] === w0 && words[1] === w1 && words[2] === w2 && words[3] === w3) {
        if (differs(known.mac, m0, m1, m2, m3)) throw nfsError('nfs/bad-handle');
        return known;
      }
    }
    const words = [w0, w1, w2, w3] as const;
    const mac = this.#mac(words, inodeHigh, inodeLow);
    if (differs(mac, m0, m1, m2, m3)) throw nfsError('nfs/bad-handle');
    const handle = { exported: exportKeyOfWords(words), inode, mac };
    this.#slots[slot] = handle;
    return handle;
  }

  #slot(word: number, inodeLow: number): number {
    return (Math.imul(word ^ inodeLow, 0x9e37_79b1) >>> 7) & this.#mask;
  }

  /** The first 16 bytes of HMAC-SHA-256 of what stands in front of them. */
  #mac(
    words: readonly [number, number, number, number],
    inodeHigh: number,
    inodeLow: number,
  ): readonly [number, number, number, number] {
    const inner = this.#inner;
    inner.writeInt32BE(version, blockBytes);
    for (let i = 0; i < 4; i++) inner.writeInt32BE(words[i]!, blockBytes + 4 + 4 * i);
    inner.writeInt32BE(inodeHigh, blockBytes + 20);
    inner.writeInt32BE(inodeLow, blockBytes + 24);
    // Byte strings: Node makes them in half the time of a Buffer.
    const outer = this.#outer;
    outer.write(hash('sha256', inner, 'latin1'), blockBytes, 'latin1');
    const code = Buffer.from(hash('sha256', outer, 'latin1').slice(0, 4 * macWords), 'latin1');
    return [code.readInt32BE(0), code.readInt32BE(4), code.readInt32BE(8), code.readInt32BE(12)];
  }
}

function high(inode: number): number {
  return Math.floor(inode / 0x1_0000_0000) | 0;
}

function sameWords(a: ExportKey['words'], b: ExportKey['words']): boolean {
  return a === b || (a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3]);
}

/** In the same time wherever they differ, so that nobody finds a code word by word. */
function differs(mac: FileHandle['mac'], m0: number, m1: number, m2: number, m3: number): boolean {
  return ((mac[0] ^ m0) | (mac[1] ^ m1) | (mac[2] ^ m2) | (mac[3] ^ m3)) !== 0;
}
