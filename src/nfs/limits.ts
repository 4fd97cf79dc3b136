/** What a client can make grow, and how far. */
export interface NfsLimits {
  /** Bytes of a record, all fragments together. Holds the largest WRITE and its header. */
  readonly recordBytesMax: number;
  readonly recordFragmentsMax: number;
  /** Connections at once, of all clients. One more is closed as soon as it is made. */
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** Calls of one connection that wait for a disk or a store. With so many, no more of it is read. */
  readonly callsInFlightMax: number;
  /** Bytes of replies that one connection has not taken. With so many, no more calls of it are read. */
  readonly replyBytesWaitingMax: number;
  /** How often it is looked for connections that do nothing but hold memory, in ms. */
  readonly sweepMs: number;
  /** A connection that was found so often without having moved while it owes us something is closed. */
  readonly idleSweepsMax: number;
  /** How long `close` waits for calls under way, in ms. */
  readonly closeMs: number;
  readonly duplicateRequestsMax: number;
  readonly duplicateRequestBytesMax: number;
}

/** Bytes that a READ or a WRITE moves at most. */
export const transferBytesMax = 1024 * 1024;

/** Bytes that a READDIR or READDIRPLUS should ask for. */
export const listingBytesPreferred = 256 * 1024;

/** Bytes of a file handle in NFSv3. */
export const handleBytesMax = 64;

/** Bytes of a name or a symlink's target that are looked at. Longer ones are too long for any file system. */
export const pathBytesMax = 4096;

/** Bytes of a path to mount, in the MOUNT protocol. */
export const mountPathBytesMax = 1024;
/** Names in such a path. */
export const mountPathSegmentsMax = 64;

/** Verified file handles that are remembered. */
export const handleCacheSlots = 1 << 16;

/** How often a call is run again because something was not in memory. */
export const residentAttemptsMax = 100;

/** Bytes of a name, as PATHCONF tells it. */
export const nameBytesMax = 255;

export const defaultLimits: NfsLimits = {
  recordBytesMax: transferBytesMax + 4096,
  recordFragmentsMax: 1024,
  connectionsMax: 1024,
  connectionsPerAddressMax: 512,
  callsInFlightMax: 256,
  replyBytesWaitingMax: 4 * 1024 * 1024,
  sweepMs: 10_000,
  idleSweepsMax: 6,
  closeMs: 5000,
  duplicateRequestsMax: 4096,
  duplicateRequestBytesMax: 4 * 1024 * 1024,
};
