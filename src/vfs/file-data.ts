import type { ContentCache } from './content-cache.ts';
import { type Extent, Extents } from './extents.ts';
import type { InodeNumber, ReadResult } from './file-system.ts';
import { fileSystemError } from './file-system-error.ts';
import { blocksOf, type Content, type Inode, type Layer, type SpoolFile } from './inode.ts';
import { fileBytesMax, inlineBytesMax } from './limits.ts';
import type { Overlay } from './overlay.ts';
import type { Spool } from './spool.ts';

const zeros = new Uint8Array(256 * 1024);
const empty = new Uint8Array(0);

type Spooled = Content & { readonly kind: 'spool' };

/** What a change of content makes of an inode. */
export type ContentChange = Pick<Inode, 'content' | 'size' | 'used'>;

/**
 * The bytes of files, wherever they are: in the store, in the overlay's database while the file is small, or in a spool
 * file that has the ranges which were written. Knows no permissions and no times.
 */
export class FileData {
  readonly #content: ContentCache;
  readonly #overlay: Overlay;
  readonly #spool: Spool;
  readonly #extents: Extents;

  constructor(content: ContentCache, overlay: Overlay, spool: Spool) {
    this.#content = content;
    this.#overlay = overlay;
    this.#spool = spool;
    this.#extents = new Extents(overlay);
  }

  /** Up to `count` bytes from `offset`. */
  read(inode: Inode, offset: number, count: number): ReadResult {
    const start = Math.min(offset, inode.size);
    const end = Math.min(start + count, inode.size);
    const lent: (() => void)[] = [];
    const pieces = start === end ? [] : this.#pieces(inode, start, end, lent);
    const result = { pieces, length: end - start, end: end === inode.size };
    if (lent.length === 0) return result;
    const release = (): void => {
      for (const giveBack of lent) giveBack();
    };
    return { ...result, release };
  }

  /** `lent` gets how to give back the memory of the pieces. */
  #pieces({ inode, content }: Inode, start: number, end: number, lent: (() => void)[]): Uint8Array[] {
    switch (content.kind) {
      case 'object':
        return this.#content.read(content.object, start, end);
      case 'inline':
        return [this.#overlay.data(inode).subarray(start, end)];
      case 'spool':
        return content.layer === null
          ? [this.#spooled(content.file, start, end, lent)]
          : this.#layered(content.file, content.layer, { start, end }, lent);
      case 'none':
        throw fileSystemError('file-system/invalid');
    }
  }

  /** Written ranges from the spool, the others from what lies under them. */
  #layered(file: SpoolFile, layer: Layer, range: Extent, lent: (() => void)[]): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let at = range.start;
    for (const extent of this.#extents.in(file, range)) {
      this.#uncovered(layer, at, extent.start, pieces);
      pieces.push(this.#spooled(file, extent.start, extent.end, lent));
      at = extent.end;
    }
    this.#uncovered(layer, at, range.end, pieces);
    return pieces;
  }

  /** Bytes that were never written: of the object under them as far as it is visible, then zeros. */
  #uncovered({ object, visible }: Layer, start: number, end: number, pieces: Uint8Array[]): void {
    if (start >= end) return;
    if (object !== null) pieces.push(...this.#content.read(object, start, Math.min(end, visible)));
    for (let at = Math.max(start, visible); at < end; at += zeros.length) {
      pieces.push(zeros.subarray(0, Math.min(zeros.length, end - at)));
    }
  }

  #spooled(file: SpoolFile, start: number, end: number, lent: (() => void)[]): Uint8Array {
    const { bytes, release } = this.#content.buffers.take(end - start);
    if (release !== undefined) lent.push(release);
    // What was written is there; only somebody who meddles with the spool, or a loss of power, can cut it.
    if (this.#spool.read(file, bytes, start) < bytes.length) throw fileSystemError('file-system/io');
    return bytes;
  }

  /** Writes `pieces`, which have `length` bytes, at `offset`. */
  write(inode: Inode, offset: number, pieces: readonly Uint8Array[], length: number): ContentChange {
    const end = offset + length;
    if (end > fileBytesMax) throw fileSystemError('file-system/file-too-large');
    const size = Math.max(inode.size, end);
    if (size <= inlineBytesMax && inode.content.kind !== 'spool') {
      const bytes = Buffer.alloc(size);
      this.#copyAll(inode, bytes);
      let at = offset;
      for (const piece of pieces) {
        bytes.set(piece, at);
        at += piece.length;
      }
      return this.#putInline(inode.inode, bytes);
    }
    const spooled = this.#inSpool(inode, (file) => this.#spool.write(file, pieces, offset));
    const used = this.#usedOf(spooled, size);
    // A hole between the end and what is written shows only where there are extents to tell it from what is there.
    const content = this.#adopted(inode, spooled, offset > inode.size ? 'layered' : 'as it is');
    if (content.layer !== null) this.#extents.add(content.file, { start: offset, end });
    return { content, size, used };
  }

  /** Makes the file `size` bytes long: cut off, or with zeros behind what was its end. */
  truncate(inode: Inode, size: number): ContentChange {
    if (size > fileBytesMax) throw fileSystemError('file-system/file-too-large');
    if (size === inode.size) return inode;
    if (size === 0 || (size <= inlineBytesMax && inode.content.kind !== 'spool')) {
      const bytes = Buffer.alloc(size);
      this.#copyAll(inode, bytes);
      this.#dropSpool(inode);
      return this.#putInline(inode.inode, bytes);
    }
    const spooled = this.#inSpool(inode);
    const used = this.#usedOf(spooled, size);
    const { layer, ...content } = this.#adopted(inode, spooled, 'layered');
    this.#extents.truncate(content.file, size);
    const object = layer?.object ?? null;
    const cut = { ...content, layer: { object, visible: Math.min(layer?.visible ?? 0, size) } };
    return { content: cut, size, used };
  }

  /** Gives a new file its content: `bytes`, or zeros. */
  make(inode: Inode, bytes: Uint8Array | undefined, size: number): ContentChange {
    return bytes === undefined
      ? this.truncate(inode, size)
      : this.#putInline(inode.inode, Buffer.from(bytes));
  }

  /** Drops whatever the overlay has of the file's content, once that is committed. */
  remove(inode: Inode): void {
    if (inode.content.kind === 'inline') this.#overlay.removeData(inode.inode);
    this.#dropSpool(inode);
  }

  #dropSpool({ content, used }: Inode): void {
    if (content.kind !== 'spool') return;
    if (content.layer !== null) this.#extents.removeAll(content.file);
    this.#overlay.whenCommitted(() => this.#spool.drop(content.file, used));
  }

  #putInline(inode: InodeNumber, bytes: Uint8Array): ContentChange {
    if (bytes.length > 0) this.#overlay.putData(inode, bytes);
    else this.#overlay.removeData(inode);
    const content: Content = { kind: 'inline', recorded: null };
    return { content, size: bytes.length, used: blocksOf(bytes.length) };
  }

  /** Copies the file's bytes to the beginning of `target`, as many as there is room for. */
  #copyAll(inode: Inode, target: Uint8Array): void {
    let at = 0;
    const { pieces, release } = this.read(inode, 0, target.length);
    for (const piece of pieces) {
      target.set(piece, at);
      at += piece.length;
    }
    release?.();
  }

  /**
   * Makes sure that the file has a spool file, without copying what is in the store, and does `work` to that. Changes
   * nothing but spool files: if it fails, all is as it was but for bytes that `work` has written.
   */
  #inSpool({ content, size, inode }: Inode, work: (file: SpoolFile) => void = () => {}): Spooled {
    if (content.kind === 'spool') {
      work(content.file);
      return { ...content, recorded: null };
    }
    const before = content.kind === 'inline' && size > 0 ? this.#overlay.data(inode) : empty;
    const file = this.#overlay.newSpoolFile();
    try {
      this.#spool.create(file);
      if (before.length > 0) {
        this.#spool.write(file, [before], 0);
        // The row that had these bytes may be gone from the disk before the file is on it, and they may be old.
        this.#spool.syncNow(file);
      }
      work(file);
    } catch (error) {
      this.#spool.remove(file);
      throw error;
    }
    this.#overlay.whenUndone(() => this.#spool.remove(file));
    const isLayered = content.kind === 'object' && size > 0;
    const layer = isLayered ? { object: content.object, visible: size } : null;
    return { kind: 'spool', file, recorded: null, layer };
  }

  /**
   * Takes `spooled` for the file's content in place of what it had; `layered` is to have extents that tell what is in the
   * spool file.
   */
  #adopted({ inode, size, content }: Inode, spooled: Spooled, form: 'layered' | 'as it is'): Spooled {
    if (content.kind === 'inline' && size > 0) this.#overlay.removeData(inode);
    if (form === 'as it is' || spooled.layer !== null) return spooled;
    if (size > 0) this.#extents.add(spooled.file, { start: 0, end: size });
    return { ...spooled, layer: { object: null, visible: 0 } };
  }

  #usedOf({ file, layer }: Spooled, size: number): number {
    return layer?.object ? blocksOf(size) : this.#spool.used(file);
  }
}
