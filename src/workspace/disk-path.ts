import { pathBytes } from '../tree/path.ts';

const beyondAscii = /[\x80-\xff]/;

/**
 * Where `path`, a byte string, lies below the directory `root`: as text where that names the same bytes, otherwise as
 * raw bytes, which Node takes as they are.
 */
export function diskPath(root: string, path: string): string | Buffer {
  if (path === '') return root;
  if (!beyondAscii.test(path)) return `${root}/${path}`;
  return Buffer.concat([Buffer.from(`${root}/`), pathBytes(path)]);
}
