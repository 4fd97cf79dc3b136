import type { BlobStore } from '../blob/blob-store.ts';
import { readFile, readWholeFile, wholeFileBytesMax } from '../blob/file.ts';
import type { FileEntry, SymlinkEntry } from '../tree/entry.ts';
import type { ObjectId } from './object-id.ts';
import type { ObjectWriter } from './object-writer.ts';

/** Names a content. A manifest's hash could also be that of a small file with the same bytes, so large files are told apart. */
export type ContentKey = string & { readonly ContentKey: unique symbol };

export function contentKey({ hash, size }: FileEntry | SymlinkEntry): ContentKey {
  return (size > wholeFileBytesMax ? `large ${hash}` : hash) as string as ContentKey;
}

/** Copies contents of a store into a git repository, each once. */
export class ContentExport {
  readonly #blobs: BlobStore;
  readonly #writer: ObjectWriter;
  readonly #known: Map<ContentKey, ObjectId>;

  /** `known` are contents that the repository has already. */
  constructor(blobs: BlobStore, writer: ObjectWriter, known: ReadonlyMap<ContentKey, ObjectId>) {
    this.#blobs = blobs;
    this.#writer = writer;
    this.#known = new Map(known);
  }

  /** The git id of an entry's content, which is with the writer afterwards. Throws as `BlobStore.get` does. */
  async blobId(entry: FileEntry | SymlinkEntry): Promise<ObjectId> {
    const key = contentKey(entry);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id =
      entry.size > wholeFileBytesMax
        ? await this.#writer.addStream(entry.size, readFile(this.#blobs, entry))
        : await this.#writer.add('blob', await readWholeFile(this.#blobs, entry));
    this.#known.set(key, id);
    return id;
  }
}
