import type { ByteRange, ObjectKey } from '../object-store.ts';
import { isObjectKey } from '../object-store.ts';

/** Names a store to its peers: the same for all who know it by the same location. 16 hexadecimal digits. */
export type StoreName = string & { readonly StoreName: unique symbol };

/** What a peer is asked for (`docs/formats/peers.md`). */
export interface PeerRequest {
  readonly store: StoreName;
  readonly key: ObjectKey;
  readonly range: ByteRange | undefined;
}

/** Most bytes that a peer gives at once, in an object or in a range of one. */
export const peerBytesMax = 16 * 1024 * 1024;

const pathPattern = /^\/blobs\/([0-9a-f]{16})\/([^?#]+)$/;
const rangePattern = /^bytes=(\d{1,15})-(\d{1,15})$/;

/** The path under which a peer has an object. */
export function peerPath({ store, key }: PeerRequest): string {
  return `/blobs/${store}/${key}`;
}

/** The header that asks for a range; undefined for a whole object. The last byte is inclusive, as HTTP has it. */
export function rangeHeader({ range }: PeerRequest): string | undefined {
  return range && `bytes=${range.start}-${range.end - 1}`;
}

/** Reads a request; undefined for what is none, or asks for too much at once. */
export function parsePeerRequest(path: string, rangeText: string | undefined): PeerRequest | undefined {
  const [, store, key] = pathPattern.exec(path) ?? [];
  if (store === undefined || key === undefined || !isObjectKey(key)) return undefined;
  const request = { store: store as StoreName, key };
  if (rangeText === undefined) return { ...request, range: undefined };
  const [, first, last] = rangePattern.exec(rangeText) ?? [];
  const range = { start: Number(first), end: Number(last) + 1 };
  const isFit = range.start < range.end && range.end - range.start <= peerBytesMax;
  return isFit ? { ...request, range } : undefined;
}
