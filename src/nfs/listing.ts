import type { Cookie } from '../vfs/file-system.ts';
import { attributesBytes } from './attributes.ts';
import { nfsError } from './nfs-error.ts';
import type { XdrReader } from './xdr/reader.ts';

/** Listings need no verifier: a cookie is good as long as its directory lives. */
export const cookieVerifier: Uint8Array = new Uint8Array(8);

/** Bytes of a listing's results without its names: attributes, verifier, the end of the list, whether it is the last. */
export const listingFrameBytes = 4 + attributesBytes + cookieVerifier.length + 4 + 4;

/** Bytes that one name costs in a READDIR: that it follows, its inode, itself, its cookie. */
export function listedNameBytes(name: string): number {
  return 4 + 8 + 4 + ((name.length + 3) & ~3) + 8;
}

/** Reads where a listing goes on: a cookie and its verifier. */
export function readCookie(reader: XdrReader): Cookie {
  const cookie = reader.uint64();
  reader.skip(cookieVerifier.length);
  if (cookie > Number.MAX_SAFE_INTEGER) throw nfsError('nfs/bad-cookie');
  return cookie as Cookie;
}
