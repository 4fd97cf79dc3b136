/** Begins a frame that a reader of zstd skips (RFC 8878 §3.1.2), and of the sixteen such numbers the one that is ours. */
const magic = 0x184d2a5c;
const headerBytes = 8;

/** A zstd frame that every reader passes over, with `content` for those that know of it. */
export function skippableFrame(content: Uint8Array): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}

/**
 * What the skippable frame holds that `stored` begins with, undefined where it begins with none, and what follows it. Both
 * share memory with `stored`.
 */
export function splitSkippableFrame(stored: Uint8Array): {
  readonly content: Uint8Array | undefined;
  readonly rest: Uint8Array;
} {
  if (stored.length >= headerBytes) {
    const header = Buffer.from(stored.buffer, stored.byteOffset, headerBytes);
    const end = headerBytes + header.readUInt32LE(4);
    if (header.readUInt32LE(0) === magic && end <= stored.length)
      return { content: stored.subarray(headerBytes, end), rest: stored.subarray(end) };
  }
  return { content: undefined, rest: stored };
}
