import type { AttributeChange, Attributes, FileType, Time, TimeChange } from '../vfs/file-system.ts';
import { fileSystemError } from '../vfs/file-system-error.ts';
import type { ExportKey } from './exports.ts';
import { nfsError } from './nfs-error.ts';
import type { XdrReader } from './xdr/reader.ts';
import type { XdrWriter } from './xdr/writer.ts';

/** `ftype3` of RFC 1813. */
export const fileTypes: Record<FileType, number> = {
  file: 1,
  directory: 2,
  'block-device': 3,
  'character-device': 4,
  symlink: 5,
  socket: 6,
  fifo: 7,
};

/** Bytes of `fattr3`. */
export const attributesBytes = 84;

const permissionBits = 0o7777;
const unchangedOwner = 0xffff_ffff;

/** Writes `fattr3`. The file system's id is the first half of its export's. */
export function writeAttributes(writer: XdrWriter, attributes: Attributes, exported: ExportKey): void {
  writer.uint32(fileTypes[attributes.type]);
  writer.uint32(attributes.mode & permissionBits);
  writer.uint32(attributes.links);
  writer.uint32(attributes.uid);
  writer.uint32(attributes.gid);
  writer.uint64(attributes.size);
  writer.uint64(attributes.used);
  writer.uint32(attributes.device.major);
  writer.uint32(attributes.device.minor);
  writer.uint32(exported.words[0]);
  writer.uint32(exported.words[1]);
  writer.uint64(attributes.inode);
  writeTime(writer, attributes.accessed);
  writeTime(writer, attributes.modified);
  writeTime(writer, attributes.changed);
}

/** Writes `post_op_attr`: what is not known is left out. */
export function writeOptionalAttributes(
  writer: XdrWriter,
  attributes: Attributes | undefined,
  exported: ExportKey,
): void {
  if (attributes === undefined) {
    writer.uint32(0);
  } else {
    writer.uint32(1);
    writeAttributes(writer, attributes, exported);
  }
}

/** Writes `wcc_data`: what a file was before the call, as far as a client needs it to trust its cache, and what it is now. */
export function writeWeakConsistency(
  writer: XdrWriter,
  before: Attributes | undefined,
  after: Attributes | undefined,
  exported: ExportKey,
): void {
  if (before === undefined) {
    writer.uint32(0);
  } else {
    writer.uint32(1);
    writer.uint64(before.size);
    writeTime(writer, before.modified);
    writeTime(writer, before.changed);
  }
  writeOptionalAttributes(writer, after, exported);
}

function writeTime(writer: XdrWriter, time: Time): void {
  writer.uint32(time.seconds);
  writer.uint32(time.nanoseconds);
}

export function readTime(reader: XdrReader): Time {
  const seconds = reader.uint32();
  const nanoseconds = reader.uint32();
  if (nanoseconds >= 1_000_000_000) throw fileSystemError('file-system/invalid');
  return { seconds, nanoseconds };
}

/** Reads `sattr3`. */
export function readAttributeChange(reader: XdrReader): AttributeChange {
  const change: { -readonly [Name in keyof AttributeChange]: AttributeChange[Name] } = {};
  if (reader.boolean()) change.mode = reader.uint32() & permissionBits;
  const uid = readOwner(reader);
  if (uid !== undefined) change.uid = uid;
  const gid = readOwner(reader);
  if (gid !== undefined) change.gid = gid;
  if (reader.boolean()) change.size = reader.uint64();
  const accessed = readTimeChange(reader);
  if (accessed !== undefined) change.accessed = accessed;
  const modified = readTimeChange(reader);
  if (modified !== undefined) change.modified = modified;
  if (change.size !== undefined && change.size > Number.MAX_SAFE_INTEGER)
    throw fileSystemError('file-system/file-too-large');
  return change;
}

/** Some clients send the −1 that leaves an owner as it is in chown(2). No file can belong to that. */
function readOwner(reader: XdrReader): number | undefined {
  if (!reader.boolean()) return undefined;
  const owner = reader.uint32();
  return owner === unchangedOwner ? undefined : owner;
}

function readTimeChange(reader: XdrReader): TimeChange | undefined {
  switch (reader.uint32()) {
    case 0:
      return undefined;
    case 1:
      return 'now';
    case 2:
      return readTime(reader);
    default:
      throw nfsError('nfs/malformed');
  }
}
