const newline = 0x0a;

/** A file cut into lines. A line keeps its terminator, so the last one may lack it. */
export interface Lines {
  readonly bytes: Uint8Array;
  /** Where each line starts, in bytes, and one entry more: the length of the file. */
  readonly offsets: Uint32Array;
  /** A number for each line: within one `LineTable`, equal numbers mean equal bytes. */
  readonly ids: Int32Array;
}

/** Numbers lines, so that files cut by the same table can be compared without looking at their bytes again. */
export class LineTable {
  readonly #ids = new Map<string, number>();

  /** How many different lines were seen. Ids are smaller. */
  get size(): number {
    return this.#ids.size;
  }

  /** Cuts `bytes` behind every `\n`; an empty file has no lines. */
  cut(bytes: Uint8Array): Lines {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const offsets = lineOffsets(buffer);
    const ids = new Int32Array(offsets.length - 1);
    for (let line = 0; line < ids.length; line++) {
      ids[line] = this.#idOf(buffer.toString('latin1', offsets[line]!, offsets[line + 1]!));
    }
    return { bytes, offsets, ids };
  }

  #idOf(line: string): number {
    const known = this.#ids.get(line);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    this.#ids.set(line, id);
    return id;
  }
}

function lineOffsets(buffer: Buffer): Uint32Array {
  let count = 0;
  for (let at = buffer.indexOf(newline); at >= 0; at = buffer.indexOf(newline, at + 1)) count++;
  if (buffer.length > 0 && buffer[buffer.length - 1] !== newline) count++;
  const offsets = new Uint32Array(count + 1);
  for (let line = 1; line <= count; line++) {
    const end = buffer.indexOf(newline, offsets[line - 1]!);
    offsets[line] = end < 0 ? buffer.length : end + 1;
  }
  return offsets;
}

/** The bytes of the lines from `start` up to `end`, which is not included. */
export function sliceLines(lines: Lines, start: number, end: number): Uint8Array {
  return lines.bytes.subarray(lines.offsets[start]!, lines.offsets[end]!);
}
