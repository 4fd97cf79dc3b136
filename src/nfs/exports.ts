import type { FileSystem } from '../vfs/file-system.ts';
import { nfsError } from './nfs-error.ts';

/** Names an export for ever: 32 hexadecimal digits in lower case. It stands in file handles, and is no secret. */
export type ExportId = string & { readonly ExportId: unique symbol };

/** Bytes of an export's id. */
const exportIdBytes = 16;

/** What the server serves. */
export interface Exports {
  /**
   * The export that a client may mount at `path`, as it was sent: a byte string. Undefined whenever nothing is to be had
   * there, whatever the reason, so that a client who guesses learns nothing.
   */
  resolve(path: string): Promise<ExportId | undefined>;
  /**
   * The file system of an export; undefined when it is not served (any longer). Asked for each call. A promise makes the
   * call wait and ask again: then it must be there at once.
   */
  fileSystem(id: ExportId): FileSystem | undefined | Promise<FileSystem | undefined>;
}

/** An export's id, and the same as four words of 32 bits with a sign: how handles have it. */
export interface ExportKey {
  readonly id: ExportId;
  readonly words: readonly [number, number, number, number];
}

/** Parses 32 hexadecimal digits; anything else is `nfs/fault`, for only programs make ids. */
export function exportKey(id: string): ExportKey {
  if (!/^[0-9a-f]{32}$/.test(id)) throw nfsError('nfs/fault');
  const bytes = Buffer.from(id, 'hex');
  return {
    id: id as ExportId,
    words: [bytes.readInt32BE(0), bytes.readInt32BE(4), bytes.readInt32BE(8), bytes.readInt32BE(12)],
  };
}

/** The key of an id that lies in four words. */
export function exportKeyOfWords(words: readonly [number, number, number, number]): ExportKey {
  const bytes = Buffer.allocUnsafe(exportIdBytes);
  words.forEach((word, i) => {
    bytes.writeInt32BE(word, 4 * i);
  });
  return { id: bytes.toString('hex') as ExportId, words };
}
