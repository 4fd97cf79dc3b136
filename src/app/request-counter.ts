import type { S3ConnectionOptions } from '../storage/s3/s3-connection.ts';

/** What a request does, as services charge for it. All that is sent to write an object is a `put`. */
export const requestKinds = ['get', 'put', 'list', 'delete', 'other'] as const;
export type RequestKind = (typeof requestKinds)[number];

/** Requests by kind, those that were repeated included, and the bytes of their bodies and of what was answered. */
export type RequestCounts = Readonly<Record<RequestKind | 'total' | 'bytesRead' | 'bytesWritten', number>>;

/** The requests that were sent for one project of a store, or, where `project` is empty, for none. */
export interface CountedRequests {
  /** Where the store is, as `parseStoreLocation` says. */
  readonly store: string;
  readonly project: string;
  readonly counts: RequestCounts;
}

type Counts = { -readonly [Name in keyof RequestCounts]: number };

const noRequests: RequestCounts = {
  get: 0,
  put: 0,
  list: 0,
  delete: 0,
  other: 0,
  total: 0,
  bytesRead: 0,
  bytesWritten: 0,
};

const kinds: Readonly<Record<string, RequestKind>> = {
  GetObject: 'get',
  PutObject: 'put',
  CreateMultipartUpload: 'put',
  UploadPart: 'put',
  CompleteMultipartUpload: 'put',
  AbortMultipartUpload: 'delete',
  ListObjectsV2: 'list',
  DeleteObject: 'delete',
  DeleteObjects: 'delete',
};

/** Counts what this process sends to remote stores. A store in a directory has no requests. */
export class RequestCounter {
  #places = new Map<string, { readonly store: string; readonly project: string; readonly counts: Counts }>();

  /** What a store at `store` is opened with so that its requests are counted here. */
  hooks(store: string): Required<Pick<S3ConnectionOptions, 'onRequest' | 'onAnswer'>> {
    return {
      onRequest: (operation, name, bytes) => {
        const counts = this.#countsOf(store, name);
        counts[kinds[operation] ?? 'other']++;
        counts.total++;
        counts.bytesWritten += bytes;
      },
      onAnswer: (name, bytes) => {
        this.#countsOf(store, name).bytesRead += bytes;
      },
    };
  }

  /** All that was counted since the last `take`. */
  get total(): RequestCounts {
    return Array.from(this.#places.values(), ({ counts }) => counts).reduce(sumOfCounts, noRequests);
  }

  /** The same, place by place. */
  get places(): readonly CountedRequests[] {
    return [...this.#places.values()];
  }

  /** `places`, and begins anew. */
  take(): readonly CountedRequests[] {
    const taken = this.places;
    this.#places = new Map();
    return taken;
  }

  #countsOf(store: string, name: string): Counts {
    const [, org, project] = /(?:^|\/)micelio-([^/]+)\/projects\/([^/]+)\//.exec(name) ?? [];
    const about = org === undefined ? '' : `${org}/${project}`;
    const key = `${about} ${store}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known.counts;
    const counts = { ...noRequests };
    this.#places.set(key, { store, project: about, counts });
    return counts;
  }
}

/** Both together. */
export function sumOfCounts(a: RequestCounts, b: RequestCounts): RequestCounts {
  const sum = { ...a };
  for (const name of Object.keys(noRequests) as (keyof RequestCounts)[]) sum[name] += b[name];
  return sum;
}
