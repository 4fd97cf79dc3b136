/**
 * A path inside a tree, relative to its root, as a *byte string*: one character (0–255) for each byte of the name.
 * File names are bytes, not text; as byte strings they compare and sort exactly as their bytes do, at the speed of
 * V8's one-byte strings. The root is `''`; segments are joined by `/`; no segment is empty, `.` or `..`.
 */
export type TreePath = string & { readonly TreePath: unique symbol };

/** The last segment of a path, as a byte string. */
export type FileName = string & { readonly FileName: unique symbol };

export const rootPath = '' as TreePath;

/** Longest name that a file may have, in bytes (NAME_MAX of Linux and macOS). */
export const nameBytesMax = 255;
/** Longest path, in bytes (PATH_MAX of Linux, without its NUL). */
export const pathBytesMax = 4095;

/** True for a name that a file in a tree may have: 1 to 255 bytes without `/` and NUL, and neither `.` nor `..`. */
export function isFileName(name: string): name is FileName {
  return (
    name.length > 0 && name.length <= nameBytesMax && name !== '.' && name !== '..' && !/[/\0]/.test(name)
  );
}

/** True for a path that an entry of a tree may have. The root, which is no entry, is not one. */
export function isTreePath(path: string): path is TreePath {
  return path.length > 0 && path.length <= pathBytesMax && path.split('/').every(isFileName);
}

/** The path that a person typed, as the bytes of its UTF-8. Not checked: see `isTreePath`. */
export function pathFromText(text: string): TreePath {
  return Buffer.from(text, 'utf8').toString('latin1') as TreePath;
}

/** The raw bytes of a path, as the operating system wants them. */
export function pathBytes(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

/**
 * A path for people: its UTF-8 where it is valid and has no control characters, and otherwise with each odd byte as
 * `\xNN` (and `\` as `\\`), so that a terminal is never sent what a file name says.
 */
export function textFromPath(path: string): string {
  if (/^[\x20-\x5b\x5d-\x7e]*$/.test(path)) return path;
  const bytes = pathBytes(path);
  const text = bytes.toString('utf8');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
  if (!/[\x00-\x1f\x7f-\x9f\\]/.test(text) && Buffer.from(text, 'utf8').equals(bytes)) return text;
  let escaped = '';
  for (const byte of bytes) {
    if (byte === 0x5c) escaped += '\\\\';
    else if (byte >= 0x20 && byte < 0x7f) escaped += String.fromCharCode(byte);
    else escaped += `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return escaped;
}

/** The directory that holds `path`. */
export function parentPath(path: TreePath): TreePath {
  const slash = path.lastIndexOf('/');
  return (slash < 0 ? '' : path.slice(0, slash)) as TreePath;
}

/** The last segment of `path`. */
export function baseName(path: TreePath): FileName {
  return path.slice(path.lastIndexOf('/') + 1) as FileName;
}

export function joinPath(directory: TreePath, name: FileName): TreePath {
  return (directory === '' ? name : `${directory}/${name}`) as TreePath;
}

/** Every directory above `path`, nearest first, without the root. */
export function* ancestorsOf(path: TreePath): Generator<TreePath> {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    yield path.slice(0, slash) as TreePath;
  }
}
