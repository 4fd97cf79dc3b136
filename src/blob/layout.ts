import type { Hash } from '../base/hash.ts';
import { type ObjectKey, parseKey } from '../storage/object-store.ts';

/** What content-addressed bytes are for: file content, or what refers to other objects: nodes of a tree and manifests. Each has frames of its own. */
export type ObjectKind = 'blob' | 'node';

/** Where the objects of one project lie in an object store (`docs/formats/store-layout.md`). */
export class BlobLayout {
  readonly prefix: string;

  /** `prefix` ends without a slash: `micelio-acme/projects/web`. */
  constructor(prefix: string) {
    this.prefix = prefix;
  }

  pack(hash: Hash): ObjectKey {
    return parseKey(`${this.packPrefix}${hash}`);
  }

  index(hash: Hash): ObjectKey {
    return parseKey(`${this.indexPrefix}${hash}`);
  }

  get packPrefix(): string {
    return `${this.prefix}/packs/`;
  }

  get indexPrefix(): string {
    return `${this.prefix}/index/`;
  }

  condemned(pack: Hash): ObjectKey {
    return parseKey(`${this.condemnedPrefix}${pack}`);
  }

  get condemnedPrefix(): string {
    return `${this.prefix}/condemned/`;
  }
}
