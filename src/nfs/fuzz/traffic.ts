import { readFileSync } from 'node:fs';
import { asRecord, callBytes } from '../fixtures/client.ts';
import { mountProgram } from '../mount/program.ts';
import { nfsProgram } from '../procedures/program.ts';
import type { XdrWriter } from '../xdr/writer.ts';
import type { SeededRandom } from './random.ts';

/** Calls that a kernel has sent. */
const recorded: readonly Buffer[] = readFileSync(
  new URL('../fixtures/kernel-calls.txt', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => Buffer.from(line, 'hex'));

/** A part of the arguments of a procedure. */
type Part = 'handle' | 'name' | 'sattr' | 'guard' | 'word' | 'long' | 'data' | 'verifier' | 'path' | 'how';

/** The arguments of NFS's procedures, by number (RFC 1813, 3.3). */
const nfsArguments: readonly (readonly Part[])[] = [
  [],
  ['handle'],
  ['handle', 'sattr', 'guard'],
  ['handle', 'name'],
  ['handle', 'word'],
  ['handle'],
  ['handle', 'long', 'word'],
  ['handle', 'long', 'data'],
  ['handle', 'name', 'how'],
  ['handle', 'name', 'sattr'],
  ['handle', 'name', 'sattr', 'path'],
  ['handle', 'name', 'word', 'sattr', 'word', 'word'],
  ['handle', 'name'],
  ['handle', 'name'],
  ['handle', 'name', 'handle', 'name'],
  ['handle', 'handle', 'name'],
  ['handle', 'long', 'verifier', 'word'],
  ['handle', 'long', 'verifier', 'word', 'word'],
  ['handle'],
  ['handle'],
  ['handle'],
  ['handle', 'long', 'word'],
];

const mountArguments: readonly (readonly Part[])[] = [[], ['path'], [], ['path'], [], []];

/** Makes records from the grammar of the protocol and from recorded ones, and damages some of them. */
export class Traffic {
  readonly #random: SeededRandom;
  readonly #handles: readonly Buffer[];
  #xid = 0;

  /** `handles`: some that the server takes for true. */
  constructor(random: SeededRandom, handles: readonly Buffer[]) {
    this.#random = random;
    this.#handles = handles;
  }

  /** A record as it goes over the wire: usually one fragment with a true mark. */
  next(): Buffer {
    const random = this.#random;
    let record = random.oneIn(4) ? this.#recordedCall() : this.#grammarCall();
    if (random.oneIn(3)) record = this.#damage(record);
    return this.#frame(record);
  }

  #recordedCall(): Buffer {
    const record = Buffer.from(this.#random.pick(recorded));
    record.writeUInt32BE(this.#newXid());
    return record;
  }

  #newXid(): number {
    // Now and then the same call comes again.
    if (!this.#random.oneIn(20)) this.#xid = (this.#xid + 1) % 2 ** 32;
    return this.#xid;
  }

  #grammarCall(): Buffer {
    const random = this.#random;
    const mount = random.oneIn(10);
    const [program, parts] = mount ? [mountProgram, mountArguments] : [nfsProgram, nfsArguments];
    const procedure = random.below(parts.length);
    const target = {
      program: random.oneIn(50) ? random.word() : program.number,
      version: random.oneIn(50) ? random.word() : 3,
      procedure: random.oneIn(50) ? random.word() : procedure,
    };
    const groups = Array.from({ length: random.below(random.oneIn(10) ? 20 : 3) }, () => random.word());
    const someone = { uid: random.pick([0, 0, 1000, random.word()]), gid: random.word(), groups };
    const credentials = random.oneIn(10) ? undefined : someone;
    return callBytes(this.#newXid(), target, credentials, (writer) => {
      for (const part of parts[procedure]!) this.#write(writer, part);
    });
  }

  #write(writer: XdrWriter, part: Part): void {
    const random = this.#random;
    const writers: Record<Part, () => void> = {
      handle: () => writer.opaque(random.oneIn(20) ? random.bytes(64) : random.pick(this.#handles)),
      name: () => writer.byteString(this.#name()),
      path: () => writer.byteString(random.oneIn(2) ? '/export' : random.bytes(5000).toString('latin1')),
      word: () => writer.uint32(random.word()),
      long: () => writer.uint64(random.oneIn(3) ? random.word() * random.word() : random.below(100_000)),
      verifier: () => writer.fixed(Buffer.alloc(8, random.below(3))),
      guard: () => {
        writer.boolean(random.oneIn(2));
        writer.uint32(random.word());
        writer.uint32(random.word());
      },
      sattr: () => this.#writeAttributes(writer),
      how: () => {
        const mode = random.below(random.oneIn(20) ? 5 : 3);
        writer.uint32(mode);
        if (mode === 2) writer.fixed(Buffer.alloc(8, random.below(3)));
        else this.#writeAttributes(writer);
      },
      data: () => {
        const data = random.bytes(random.oneIn(50) ? 60_000 : 3000);
        writer.uint32(random.oneIn(20) ? random.word() : data.length);
        writer.uint32(random.below(random.oneIn(20) ? 5 : 3));
        writer.opaque(data);
      },
    };
    writers[part]();
  }

  #writeAttributes(writer: XdrWriter): void {
    const random = this.#random;
    for (let field = 0; field < 4; field++) {
      const set = random.oneIn(3);
      writer.boolean(set);
      if (set && field === 3)
        writer.uint64(random.oneIn(10) ? random.word() * random.word() : random.below(5000));
      else if (set) writer.uint32(random.word());
    }
    for (let time = 0; time < 2; time++) {
      const how = random.below(random.oneIn(30) ? 5 : 3);
      writer.uint32(how);
      if (how === 2) writer.uint32(random.word());
      if (how === 2) writer.uint32(random.oneIn(10) ? random.word() : random.below(10 ** 9));
    }
  }

  #name(): string {
    const random = this.#random;
    if (random.oneIn(20)) return random.bytes(300).toString('latin1');
    return random.pick([
      '.',
      '..',
      '',
      'a',
      'b',
      'c',
      'd',
      'e',
      'f',
      'g',
      'h',
      'i',
      'x'.repeat(255),
      'x'.repeat(256),
    ]);
  }

  #damage(record: Buffer): Buffer {
    const random = this.#random;
    const damaged = Buffer.from(record);
    switch (random.below(6)) {
      case 0:
        for (let i = random.below(4); i >= 0; i--)
          damaged[random.below(damaged.length)]! ^= 1 << random.below(8);
        return damaged;
      case 1:
        damaged.writeUInt32BE(random.word(), 4 * random.below(damaged.length >> 2));
        return damaged;
      case 2:
        return damaged.subarray(0, random.below(damaged.length));
      case 3:
        return Buffer.concat([damaged, random.bytes(200)]);
      case 4: {
        const other = random.pick(recorded);
        return Buffer.concat([
          damaged.subarray(0, 4 * random.below(damaged.length >> 2)),
          other.subarray(4 * random.below(other.length >> 2)),
        ]);
      }
      default:
        // Only behind the header, so that the procedure is reached.
        for (let at = 80; at + 4 <= damaged.length; at += 4)
          if (random.oneIn(8)) damaged.writeUInt32BE(random.word(), at);
        return damaged;
    }
  }

  #frame(record: Buffer): Buffer {
    const random = this.#random;
    if (random.oneIn(400)) return random.bytes(300);
    const framed = asRecord(record);
    if (random.oneIn(400)) framed.writeUInt32BE(random.word());
    if (!random.oneIn(15)) return framed;
    const cut = random.below(record.length + 1);
    const first = asRecord(record.subarray(0, cut));
    first[0]! &= 0x7f;
    return Buffer.concat([first, asRecord(record.subarray(cut))]);
  }
}
