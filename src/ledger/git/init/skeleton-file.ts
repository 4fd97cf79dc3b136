import { createHash } from 'node:crypto';
import type { TreePath } from '../../../tree/path.ts';
import { rootDefault } from '../layout.ts';

/** A file that every project gets. */
export interface SkeletonFile {
  /** From the agents' folder. */
  readonly path: TreePath;
  /** Where it speaks of the agents' folder, that is called `_AGENTS`. */
  readonly content: Buffer;
  /** As git has it. */
  readonly mode: number;
  /** SHA-256, in hexadecimal, of what earlier versions of Micelio had here. */
  readonly earlier: ReadonlySet<string>;
}

/** What a project with the agents' folder `root` gets. */
export function contentFor(file: SkeletonFile, root: TreePath): Buffer {
  return renamed(file.content, rootDefault, root);
}

/** Whether `content` is what an earlier version has laid out, and nobody has edited it since. */
export function isEarlier(file: SkeletonFile, root: TreePath, content: Buffer): boolean {
  const original = renamed(content, root, rootDefault);
  return file.earlier.has(createHash('sha256').update(original).digest('hex'));
}

function renamed(content: Buffer, from: TreePath, to: TreePath): Buffer {
  if (from === to) return content;
  return Buffer.from(content.toString('latin1').replaceAll(from, to), 'latin1');
}
