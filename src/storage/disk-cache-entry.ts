import { crc32 } from 'node:zlib';

/** What every entry begins with, before its checksum. The number is the version of the format. */
const magic = Buffer.from('micelio cache 1\n');
/** Bytes of a file before those of its object: magic, then the checksum in 4 bytes, big-endian. */
export const headerBytes = magic.length + 4;

/** The first bytes of the file that keeps `bytes` under `name`; the object's bytes follow. */
export function entryHeader(name: string, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt32BE(checksum(name, bytes), magic.length);
  return header;
}

/** The object's bytes out of the file `content` of the entry `name`; undefined when the file is damaged. */
export function parseEntry(name: string, content: Buffer): Uint8Array | undefined {
  if (content.length < headerBytes || !content.subarray(0, magic.length).equals(magic)) return undefined;
  const bytes = content.subarray(headerBytes);
  return content.readUInt32BE(magic.length) === checksum(name, bytes) ? bytes : undefined;
}

/** CRC-32 of the name and the bytes: for accidents. Who reads verifies hashes; this is to repair rather than to fail. */
function checksum(name: string, bytes: Uint8Array): number {
  return crc32(bytes, crc32(name));
}
