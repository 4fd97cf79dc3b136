import { hash as digest } from 'node:crypto';
import type { ETag, StoredObject } from './object-store.ts';

/** Below this many bytes a digest is cheaper here (0.15 ms) than on another thread. */
const digestInPlaceBytesMax = 256 * 1024;

/** 128 bits are enough to tell versions apart: nobody gains by forging a tag of an object that he may write anyway. */
const etagDigits = 32;

/** The tag of a version that consists of `bytes`: equal bytes have equal tags. */
export function etagOf(bytes: Uint8Array): ETag {
  return digest('sha256', bytes, 'hex').slice(0, etagDigits) as ETag;
}

/** `etagOf`, without holding up other work while large objects are digested. */
export async function etagOfLarge(bytes: Uint8Array): Promise<ETag> {
  if (bytes.length <= digestInPlaceBytesMax) return etagOf(bytes);
  const raw = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Buffer.from(raw).toString('hex').slice(0, etagDigits) as ETag;
}

/** An object as read from a store without tags of its own. Most readers want no tag, so it is computed when asked for. */
export class ReadObject implements StoredObject {
  readonly bytes: Uint8Array;
  #etag: ETag | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get etag(): ETag {
    this.#etag ??= etagOf(this.bytes);
    return this.#etag;
  }
}
