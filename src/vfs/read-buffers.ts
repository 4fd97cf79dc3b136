/** Bytes of one buffer: as much as a client reads at once. */
const bufferBytes = 1024 * 1024;
/** Smaller reads get memory of their own: it costs less than keeping count. */
const pooledBytesMin = 32 * 1024;
/** Buffers that are kept for the next reads. */
const freeMax = 16;

/**
 * Memory that files are read into. Fresh memory costs more than reading from a file that the operating system has in
 * memory, so who can tell when bytes are not needed any more gives their buffer back.
 */
export class ReadBuffers {
  readonly #free: Buffer[] = [];

  /** A buffer of `length` bytes with anything in it, and how to give it back; undefined where that is not worth while. */
  take(length: number): { readonly bytes: Buffer; readonly release: (() => void) | undefined } {
    if (length < pooledBytesMin || length > bufferBytes) {
      return { bytes: Buffer.allocUnsafe(length), release: undefined };
    }
    const whole = this.#free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
    const release = (): void => {
      if (this.#free.length < freeMax) this.#free.push(whole);
    };
    return { bytes: whole.subarray(0, length), release };
  }
}
