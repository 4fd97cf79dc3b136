import { type FileType, listingStart } from '../file-system.ts';
import { listWindow } from './list-window.ts';
import type { RealSide } from './real-side.ts';
import type { SeenFile } from './seen-file.ts';
import { seenFile, type VirtualSide } from './virtual-side.ts';
import { stateDifferences } from './watch.ts';

const superuser = { uid: 0, gid: 0, groups: [] };
/** Of a larger file only the beginning and the end are compared. */
const comparedBytesMax = 4 * 1024 * 1024;

/** What a comparison of everything came to. */
export interface TreeComparison {
  /** The type of each file, by its path. */
  readonly files: ReadonlyMap<string, FileType>;
  /** Another name of each file that has several, by its path. */
  readonly others: ReadonlyMap<string, string>;
  readonly differences: readonly string[];
}

/** Compares all names, attributes and contents, and which names are names of one file. */
export function compareTrees(virtual: VirtualSide, real: RealSide): TreeComparison {
  const comparison = new Comparison(virtual, real);
  comparison.directory('');
  return comparison;
}

class Comparison implements TreeComparison {
  readonly files = new Map<string, FileType>();
  readonly others = new Map<string, string>();
  readonly differences: string[] = [];
  readonly #virtual: VirtualSide;
  readonly #real: RealSide;
  readonly #realOf = new Map<number, number>();
  readonly #virtualOf = new Map<number, number>();
  readonly #names = new Map<number, string>();

  constructor(virtual: VirtualSide, real: RealSide) {
    this.#virtual = virtual;
    this.#real = real;
  }

  directory(path: string): void {
    const seen = this.#virtual.see(path);
    if (seen === undefined) return;
    const virtualNames = this.#virtual.names(superuser, seen.inode as never);
    const realNames = this.#real.names(path);
    const [virtually, really] = [virtualNames.sort().join('\n'), realNames.sort().join('\n')];
    if (virtually !== really) {
      this.differences.push(`${path}: has the names\n${virtually}\nbut really\n${really}`);
      return;
    }
    this.#dots(path, seen);
    for (const name of realNames) this.#name(path === '' ? name : `${path}/${name}`);
  }

  #dots(path: string, seen: SeenFile): void {
    const fs = this.#virtual.fileSystem;
    const window = listWindow(fs, superuser, seen.inode as never, listingStart, 2);
    const listed = window.listed.map(({ attributes }) => seenFile(attributes));
    const above = this.#virtual.see(path.slice(0, Math.max(path.lastIndexOf('/'), 0)));
    const parent = fs.lookup(superuser, seen.inode as never, '..').inode;
    if (listed[0]?.inode !== seen.inode) this.differences.push(`${path}: "." is another directory`);
    if (listed[1]?.inode !== above?.inode || parent !== above?.inode) {
      this.differences.push(`${path}: ".." is another directory`);
    }
  }

  #name(path: string): void {
    const [virtual, real] = [this.#virtual.see(path), this.#real.see(path)];
    if (real !== undefined) this.files.set(path, real.type);
    this.differences.push(...stateDifferences(path, virtual, real));
    if (virtual === undefined || real === undefined) return;
    this.#identity(path, virtual, real);
    if (real.type === 'directory') this.directory(path);
    if (real.type === 'file') this.#content(path, virtual, real);
    if (real.type === 'symlink') this.#target(path, virtual);
  }

  /** Two names are one file on both sides, or on none. */
  #identity(path: string, virtual: SeenFile, real: SeenFile): void {
    const realOf = this.#realOf.get(virtual.inode) ?? real.inode;
    const virtualOf = this.#virtualOf.get(real.inode) ?? virtual.inode;
    this.#realOf.set(virtual.inode, realOf);
    this.#virtualOf.set(real.inode, virtualOf);
    const other = this.#names.get(real.inode);
    if (other !== undefined) this.others.set(path, other).set(other, path);
    this.#names.set(real.inode, path);
    if (realOf !== real.inode || virtualOf !== virtual.inode) {
      this.differences.push(`${path}: is the same file as another name on one side only`);
    }
  }

  #content(path: string, virtual: SeenFile, { size }: SeenFile): void {
    const ranges =
      size <= comparedBytesMax
        ? [[0, size + 10]]
        : [
            [0, comparedBytesMax],
            [size - 65_536, 65_546],
          ];
    for (const [offset, count] of ranges as [number, number][]) {
      const virtually = this.#virtual.read(superuser, virtual.inode as never, offset, count);
      const really = this.#real.read(path, offset, count);
      if (virtually.equals(really)) continue;
      const at = offset + firstDifference(virtually, really);
      this.differences.push(`${path}: has other bytes from ${at} on (${virtually.length}, ${really.length})`);
    }
  }

  #target(path: string, virtual: SeenFile): void {
    const target = Buffer.from(this.#virtual.fileSystem.readLink(virtual.inode as never));
    if (!target.equals(this.#real.readLink(path))) this.differences.push(`${path}: has another target`);
  }
}

function firstDifference(a: Buffer, b: Buffer): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}
