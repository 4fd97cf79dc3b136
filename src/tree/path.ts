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

/**
 * True for a name that a file in a tree may have: 1 to 255 bytes without `/` and NUL, and neither `.` nor `..`. A text
 * with characters that are no bytes is none: it was not made by `pathFromText`.
 */
export function isFileName(name: string): name is FileName {
  return (
    name.length > 0 &&
    name.length <= nameBytesMax &&
    name !== '.' &&
    name !== '..' &&
    !/[/\0\u0100-\uffff]/.test(name)
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

/** What a terminal obeys, or shows in another order than it stands there, and the escape character. */
const unshowable = /[\p{Cc}\\\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]/u;

/**
 * A path for people: its UTF-8 where it is valid and has nothing in it that a terminal obeys, and otherwise with each
 * odd byte as `\xNN` (and `\` as `\\`), so that a terminal is never sent what a file name says. Two paths never have
 * the same text: see `pathFromShown`.
 */
export function textFromPath(path: string): string {
  if (/^[\x20-\x5b\x5d-\x7e]*$/.test(path)) return path;
  const bytes = pathBytes(path);
  const text = bytes.toString('utf8');
  if (!unshowable.test(text) && Buffer.from(text, 'utf8').equals(bytes)) return text;
  let escaped = '';
  for (const byte of bytes) {
    if (byte === 0x5c) escaped += '\\\\';
    else if (byte >= 0x20 && byte < 0x7f) escaped += String.fromCharCode(byte);
    else escaped += `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return escaped;
}

/** The path that `textFromPath` has shown as `text`. */
export function pathFromShown(text: string): TreePath {
  if (!text.includes('\\')) return pathFromText(text);
  return text.replace(/\\(?:x([0-9a-f]{2})|\\)/g, (_, hex: string | undefined) =>
    hex === undefined ? '\\' : String.fromCharCode(Number.parseInt(hex, 16)),
  ) as TreePath;
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
