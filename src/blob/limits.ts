/** Largest blob or node, in bytes. A larger file is cut into chunks (see `chunker.ts`). */
export const objectBytesMax = 1024 * 1024;
/** A frame is closed once it holds this many uncompressed bytes, so it holds fewer than this and one object more. */
export const frameBytesTarget = 64 * 1024;
/** Most uncompressed bytes that a frame can hold. */
export const frameBytesMax = frameBytesTarget + objectBytesMax;
/** A pack is closed once its frames have this many bytes. */
export const packBytesTarget = 12 * 1024 * 1024;
/** Most objects that one index lists: an index is read as a whole, and this one has 3 GB. */
export const indexEntriesMax = 64 * 1024 * 1024;
