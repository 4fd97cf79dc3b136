import { chmodSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BaseFile, contentWith } from '../fixtures.ts';
import { filling } from './operation.ts';

/** Enough names to need several nodes of the tree. */
const manyFiles = 200;

/** The base tree of the model: files on both sides of every threshold, and names where operations will look for them. */
export const modelFiles: Readonly<Record<string, BaseFile>> = {
  a: { bytes: Buffer.from('ten bytes.') },
  'x.txt': { bytes: filling(1, 40 * 1024), mode: 0o755 },
  b: { bytes: filling(2, 1_500_000) },
  src: { directory: 0o755 },
  'src/a': { bytes: Buffer.alloc(0) },
  'src/b': { bytes: filling(3, 32_768), mode: 0o600 },
  'src/c': { target: 'd/x.txt' },
  'src/d/e/a': { bytes: filling(4, 32_769) },
  'src/d/e/b': { bytes: Buffer.from('b') },
  'src/d/x.txt': { bytes: filling(5, 100_000), mode: 0o444 },
  'src/src/src/src/src': { bytes: Buffer.from('deep') },
  c: { directory: 0o700 },
  'c/a/b/c': { bytes: Buffer.from('c') },
  'c/link': { target: 'a' },
  'd/empty': { directory: 0o777 },
  e: { target: 'src/d' },
  ...Object.fromEntries(
    Array.from({ length: manyFiles }, (_, index) => [`many/${index}`, { bytes: Buffer.from(String(index)) }]),
  ),
};

export function modelContent(): ReturnType<typeof contentWith> {
  return contentWith(modelFiles);
}

/** Makes the base tree at `root`, a directory that is not there yet, for `owner`. */
export function materialise(root: string, owner: { readonly uid: number; readonly gid: number }): void {
  const own = (path: string, mode: number | undefined): void => {
    lchownSync(path, owner.uid, owner.gid);
    if (mode !== undefined) chmodSync(path, mode);
  };
  mkdirSync(root);
  own(root, 0o755);
  for (const [path, file] of Object.entries(modelFiles)) {
    const segments = path.split('/');
    for (let depth = 1; depth < segments.length; depth++) {
      const above = join(root, ...segments.slice(0, depth));
      if (mkdirSync(above, { recursive: true }) !== undefined) own(above, 0o755);
    }
    const place = join(root, path);
    if ('directory' in file) {
      mkdirSync(place);
      own(place, file.directory);
    } else if ('target' in file) {
      symlinkSync(file.target, place);
      own(place, undefined);
    } else {
      writeFileSync(place, file.bytes);
      own(place, file.mode ?? 0o644);
    }
  }
}
