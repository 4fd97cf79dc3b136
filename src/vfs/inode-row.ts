import type { Hash } from '../base/hash.ts';
import type { FileContent } from '../blob/file.ts';
import type { FileType, InodeNumber } from './file-system.ts';
import { type Content, type Inode, noContent, noDevice, type SpoolFile } from './inode.ts';
import type { Row, Value } from './overlay-database.ts';

/** In the order of their numbers in the database. */
const types: readonly FileType[] = [
  'file',
  'directory',
  'symlink',
  'fifo',
  'socket',
  'character-device',
  'block-device',
];
const contentKinds = ['none', 'object', 'inline', 'spool'] as const;

/** The values of an inode's row, in the order of the table's columns. */
export function rowOfInode(inode: Inode): Value[] {
  const { content, device, accessed, modified, changed } = inode;
  const object = objectOf(content);
  return [
    inode.inode,
    types.indexOf(inode.type),
    inode.mode,
    inode.links,
    inode.uid,
    inode.gid,
    inode.size,
    inode.used,
    device.major,
    device.minor,
    accessed.seconds,
    accessed.nanoseconds,
    modified.seconds,
    modified.nanoseconds,
    changed.seconds,
    changed.nanoseconds,
    inode.parent,
    inode.overlaid ? 1 : 0,
    contentKinds.indexOf(content.kind),
    content.kind === 'inline' || content.kind === 'spool' ? content.recorded : null,
    object?.hash ?? null,
    object?.size ?? null,
    content.kind === 'spool' && content.layer !== null ? content.layer.visible : null,
    content.kind === 'spool' ? content.file : null,
  ];
}

export const inodeColumns = 24;

/** The inode that a row describes; `origin` is not in it: it follows from the number. */
export function inodeOfRow(row: Row, origin: Inode['origin']): Inode {
  return {
    inode: row.number as InodeNumber,
    type: types[row.type as number]!,
    mode: row.mode as number,
    links: row.links as number,
    uid: row.uid as number,
    gid: row.gid as number,
    size: row.size as number,
    used: row.used as number,
    device:
      row.major === 0 && row.minor === 0
        ? noDevice
        : { major: row.major as number, minor: row.minor as number },
    accessed: { seconds: row.accessed as number, nanoseconds: row.accessed_ns as number },
    modified: { seconds: row.modified as number, nanoseconds: row.modified_ns as number },
    changed: { seconds: row.changed as number, nanoseconds: row.changed_ns as number },
    content: contentOfRow(row),
    parent: row.parent as InodeNumber | 0,
    origin,
    overlaid: row.overlaid === 1,
  };
}

function objectOf(content: Content): FileContent | null | undefined {
  if (content.kind === 'object') return content.object;
  return content.kind === 'spool' ? content.layer?.object : undefined;
}

function contentOfRow(row: Row): Content {
  const kind = contentKinds[row.content as number]!;
  const recorded = row.recorded as Hash | null;
  switch (kind) {
    case 'none':
      return noContent;
    case 'object':
      return { kind, object: { hash: row.object as Hash, size: row.object_size as number } };
    case 'inline':
      return { kind, recorded };
    case 'spool': {
      const file = row.spool as SpoolFile;
      if (row.visible === null) return { kind, file, recorded, layer: null };
      const object =
        row.object === null ? null : { hash: row.object as Hash, size: row.object_size as number };
      return { kind, file, recorded, layer: { object, visible: row.visible as number } };
    }
  }
}
