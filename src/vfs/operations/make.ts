import { isInGroup, requireAccess } from '../access.ts';
import {
  type AttributeChange,
  type Attributes,
  accessBits,
  type Caller,
  type CreateMode,
  type FileType,
  type InodeNumber,
  type SpecialNode,
  type Time,
  type TimeChange,
} from '../file-system.ts';
import { fileSystemError } from '../file-system-error.ts';
import { directoryBytes, type Inode, noContent, noDevice } from '../inode.ts';
import { symlinkBytesMax } from '../limits.ts';
import { groupExecute, modeBits, setGroupId } from '../mode-bits.ts';
import type { Volume } from '../volume.ts';
import { isDot, requireFileName, requireSearch, touched } from './names.ts';
import { setAttributes } from './set-attributes.ts';

const fileMode = 0o644;
const directoryMode = 0o755;

export function createFile(
  volume: Volume,
  caller: Caller,
  number: InodeNumber,
  name: string,
  mode: CreateMode,
): Attributes {
  const directory = requireSearch(volume, caller, number);
  const taken = existing(volume, directory, name);
  if (taken !== undefined) return takeExisting(volume, caller, taken, mode);
  if (mode.how === 'exclusive') {
    const [accessed, modified] = timesOfVerifier(mode.verifier);
    return make(volume, caller, directory, name, 'file', { mode: 0, accessed, modified });
  }
  return make(volume, caller, directory, name, 'file', mode.attributes);
}

/** What a call for a file that is there already gives. */
function takeExisting(volume: Volume, caller: Caller, taken: Inode, mode: CreateMode): Attributes {
  if (mode.how === 'unchecked' && taken.type === 'file') {
    const { size } = mode.attributes;
    return size === undefined ? taken : setAttributes(volume, caller, taken.inode, { size }, undefined);
  }
  if (mode.how === 'exclusive' && taken.type === 'file' && taken.size === 0) {
    const [accessed, modified] = timesOfVerifier(mode.verifier);
    const isSame = taken.accessed.seconds === accessed.seconds && taken.modified.seconds === modified.seconds;
    // Made by this very call, whose answer was lost.
    if (isSame && taken.accessed.nanoseconds === 0 && taken.modified.nanoseconds === 0) return taken;
  }
  throw fileSystemError(
    mode.how === 'unchecked' && taken.type === 'directory'
      ? 'file-system/is-a-directory'
      : 'file-system/exists',
  );
}

/** The verifier of an exclusive create is kept where it survives a restart: in the times, which the client sets next. */
function timesOfVerifier(verifier: Uint8Array): [Time, Time] {
  const view = new DataView(verifier.buffer, verifier.byteOffset, verifier.byteLength);
  return [
    { seconds: view.getUint32(0), nanoseconds: 0 },
    { seconds: view.getUint32(4), nanoseconds: 0 },
  ];
}

export function makeDirectory(
  volume: Volume,
  caller: Caller,
  number: InodeNumber,
  name: string,
  attributes: AttributeChange,
): Attributes {
  const directory = requireFree(volume, caller, number, name);
  return make(volume, caller, directory, name, 'directory', attributes);
}

export function makeSymlink(
  volume: Volume,
  caller: Caller,
  number: InodeNumber,
  name: string,
  target: Uint8Array,
  attributes: AttributeChange,
): Attributes {
  if (target.length === 0 || target.includes(0)) throw fileSystemError('file-system/invalid');
  if (target.length > symlinkBytesMax) throw fileSystemError('file-system/name-too-long');
  const directory = requireFree(volume, caller, number, name);
  const { mode: _, size: __, ...rest } = attributes;
  return make(volume, caller, directory, name, 'symlink', { ...rest, mode: 0o777 }, { target });
}

export function makeSpecial(
  volume: Volume,
  caller: Caller,
  number: InodeNumber,
  name: string,
  node: SpecialNode,
  attributes: AttributeChange,
): Attributes {
  const isDevice = node.type === 'character-device' || node.type === 'block-device';
  const directory = requireFree(volume, caller, number, name);
  if (isDevice && caller.uid !== 0) throw fileSystemError('file-system/not-permitted');
  const device = 'device' in node ? node.device : noDevice;
  return make(volume, caller, directory, name, node.type, attributes, { device });
}

/** A directory in which `name` is free. */
function requireFree(volume: Volume, caller: Caller, number: InodeNumber, name: string): Inode {
  const directory = requireSearch(volume, caller, number);
  if (existing(volume, directory, name) !== undefined) throw fileSystemError('file-system/exists');
  return directory;
}

function existing(volume: Volume, directory: Inode, name: string): Inode | undefined {
  if (isDot(name)) throw fileSystemError('file-system/exists');
  requireFileName(name);
  const found = volume.find(directory, name);
  return found === undefined ? undefined : volume.inode(found);
}

/** Makes a new inode under a free name. */
function make(
  volume: Volume,
  caller: Caller,
  parent: Inode,
  name: string,
  type: FileType,
  attributes: AttributeChange,
  special: { readonly target?: Uint8Array; readonly device?: Inode['device'] } = {},
): Inode {
  requireAccess(caller, parent, accessBits.write);
  requireFileName(name);
  volume.overlay.requireRoom();
  const directory = volume.overlaid(parent);
  const place = volume.placeOf(directory, name);
  volume.changed.add(directory.inode);
  const now = volume.time.now();
  const isDirectory = type === 'directory';
  const inherits = (directory.mode & setGroupId) !== 0;
  const gid = newGroup(caller, attributes, inherits ? directory.gid : caller.gid);
  const inode: Inode = {
    inode: volume.overlay.newInode(),
    type,
    mode: newMode(caller, type, attributes.mode, gid, inherits),
    links: isDirectory ? 2 : 1,
    uid: caller.uid === 0 ? (attributes.uid ?? 0) : caller.uid,
    gid,
    size: isDirectory ? directoryBytes : 0,
    used: isDirectory ? directoryBytes : 0,
    device: special.device ?? noDevice,
    accessed: timeOf(attributes.accessed, now),
    modified: timeOf(attributes.modified, now),
    changed: now,
    content: type === 'file' || type === 'symlink' ? emptyContent : noContent,
    parent: directory.inode,
    origin: null,
    overlaid: isDirectory,
  };
  const content =
    type === 'file' || type === 'symlink'
      ? volume.data.make(inode, special.target, attributes.size ?? 0)
      : {};
  volume.setName(place, inode.inode);
  touched(volume, directory, isDirectory ? directory.links + 1 : directory.links);
  const made = volume.put({ ...inode, ...content });
  if (isDirectory) volume.changed.add(made.inode);
  return made;
}

const emptyContent = { kind: 'inline', recorded: null } as const;

function newGroup(caller: Caller, { gid }: AttributeChange, inherited: number): number {
  if (gid === undefined) return inherited;
  return caller.uid === 0 || isInGroup(caller, gid) ? gid : inherited;
}

function newMode(
  caller: Caller,
  type: FileType,
  wanted: number | undefined,
  gid: number,
  inherits: boolean,
): number {
  let mode = (wanted ?? (type === 'directory' ? directoryMode : fileMode)) & modeBits;
  if (type === 'directory') return inherits ? mode | setGroupId : mode;
  // What no member of the group can execute acts for nobody.
  const actsForGroup = (mode & groupExecute) !== 0;
  if (actsForGroup && caller.uid !== 0 && !isInGroup(caller, gid)) mode &= ~setGroupId;
  return mode;
}

function timeOf(change: TimeChange | undefined, now: Time): Time {
  return change === undefined || change === 'now' ? now : change;
}
