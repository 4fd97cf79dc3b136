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
/** Most bytes of the hints that stand in front of a frame: enough for each of a thousand references to lie in a pack of its own. */
export const hintBytesMax = 128 * 1024;
/** More bytes than a frame can have in a pack, with its hints. */
export const storedFrameBytesMax = frameBytesMax + hintBytesMax + 64 * 1024;
/** What a writer believes to be stored must not be older than this, in ms, when it begins (`docs/formats/packs.md`, "Collection"). */
export const indexAgeMsMax = 5 * 60 * 1000;
