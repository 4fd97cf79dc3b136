import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { XdrReader } from './reader.ts';
import { copyOfSegments } from './segments.ts';
import { XdrWriter } from './writer.ts';

/** Bytes as they are in the examples of RFC 4506: spaces are for the eye. */
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A reader over bytes that came in pieces which end at `cuts`. */
function inPieces(bytes: Buffer, cuts: readonly number[]): XdrReader {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const [first, ...rest] = ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
  return new XdrReader(first!, 0, first!.length, rest);
}

type Item =
  | { readonly kind: 'uint32'; readonly value: number }
  | { readonly kind: 'uint64'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'opaque'; readonly value: Uint8Array }
  | { readonly kind: 'pieces'; readonly value: Uint8Array }
  | { readonly kind: 'byteString'; readonly value: string };

const bytes = fc.uint8Array({ maxLength: 70 });
const item: fc.Arbitrary<Item> = fc.oneof(
  fc.record({ kind: fc.constant('uint32' as const), value: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
  fc.record({ kind: fc.constant('uint64' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
  fc.record({ kind: fc.constant('opaque' as const), value: bytes }),
  fc.record({
    kind: fc.constant('pieces' as const),
    value: fc.oneof(bytes, fc.uint8Array({ minLength: 4097, maxLength: 9000 })),
  }),
  fc.record({
    kind: fc.constant('byteString' as const),
    value: bytes.map((value) => Buffer.from(value).toString('latin1')),
  }),
);

function write(writer: XdrWriter, { kind, value }: Item): void {
  if (kind === 'pieces') writer.pieces([value.subarray(0, 3), value.subarray(3)], value.length);
  else if (kind === 'uint32') writer.uint32(value);
  else if (kind === 'uint64') writer.uint64(value);
  else if (kind === 'boolean') writer.boolean(value);
  else if (kind === 'opaque') writer.opaque(value);
  else writer.byteString(value);
}

function read(reader: XdrReader, { kind }: Item): Item['value'] {
  if (kind === 'pieces') return new Uint8Array(Buffer.concat(reader.pieces(reader.length(9000))));
  if (kind === 'uint32') return reader.uint32();
  if (kind === 'uint64') return reader.uint64();
  if (kind === 'boolean') return reader.boolean();
  return kind === 'opaque' ? new Uint8Array(reader.opaque(70)) : reader.byteString(70);
}

describe('XDR', () => {
  test('is written as RFC 4506 has it', () => {
    const writer = new XdrWriter();
    writer.uint32(259);
    writer.uint64(0x1_0000_0203);
    writer.boolean(true);
    writer.byteString('sillyprog');
    writer.opaque(Buffer.from('(quit)'));
    writer.fixed(Buffer.from([1, 2, 3, 4, 5]));
    writer.pieces([Buffer.from('ab'), Buffer.from('cde')], 5);
    assert.deepEqual(
      Buffer.concat(writer.take()).toString('hex'),
      hex(
        '00000103 0000000100000203 00000001 00000009 73696c6c7970726f67000000 00000006 287175697429 0000' +
          '0102030405 000000 00000005 6162636465 000000',
      ).toString('hex'),
    );
  });

  test('is read as it was written, whatever pieces it comes in', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 8 }), (items, cuts) => {
        const writer = new XdrWriter();
        for (const one of items) write(writer, one);
        const written = writer.length;
        const encoded = Buffer.concat(writer.take());
        assert.equal(encoded.length, written);
        for (const reader of [new XdrReader(encoded), inPieces(encoded, cuts)]) {
          for (let round = 0; round < 2; round++) {
            for (const one of items) assert.deepEqual(read(reader, one), one.value);
            assert.equal(reader.remaining, 0);
            reader.rewind();
          }
          assert.deepEqual(reader.record(), encoded);
        }
      }),
    );
  });

  test('is not read beyond its end', () => {
    fc.assert(
      fc.property(item, fc.array(fc.nat(), { maxLength: 3 }), (one, cuts) => {
        const writer = new XdrWriter();
        write(writer, one);
        const encoded = Buffer.concat(writer.take());
        const reader = inPieces(encoded.subarray(0, encoded.length - 1), cuts);
        assert.throws(() => read(reader, one), { code: 'nfs/malformed' });
      }),
    );
  });

  test('has lengths and truths that are checked', () => {
    const malformed = { code: 'nfs/malformed' };
    assert.throws(() => new XdrReader(hex('00000002')).boolean(), malformed);
    assert.throws(() => new XdrReader(hex('00000005 6162636465 000000')).opaque(4), malformed);
    assert.throws(() => new XdrReader(hex('ffffffff 61626364')).opaque(2 ** 32), malformed);
    assert.throws(() => new XdrReader(hex('fffffffd 61626364')).byteString(2 ** 32), malformed);
    assert.equal(new XdrReader(hex('ffffffffffffffff')).uint64(), 2 ** 64);
  });
});

describe('what was written', () => {
  test('can be gone back on, over slabs and pieces', () => {
    fc.assert(
      fc.property(fc.array(item), fc.array(item), fc.array(item), (before, between, behind) => {
        const writer = new XdrWriter();
        // Near the end of a slab.
        for (let i = 0; i < 16_300; i++) writer.uint32(i);
        for (const one of before) write(writer, one);
        const mark = writer.mark();
        for (const one of between) write(writer, one);
        writer.goBack(mark);
        for (const one of behind) write(writer, one);
        const straight = new XdrWriter();
        for (let i = 0; i < 16_300; i++) straight.uint32(i);
        for (const one of [...before, ...behind]) write(straight, one);
        assert.ok(Buffer.concat(writer.take()).equals(Buffer.concat(straight.take())));
      }),
      { numRuns: 50 },
    );
  });

  test('has the length of its record in front', () => {
    const writer = new XdrWriter();
    writer.uint32(7);
    const start = writer.beginRecord();
    const large = Buffer.alloc(100_000, 1);
    writer.pieces([large], large.length);
    writer.endRecord(start);
    const written = Buffer.concat(writer.take());
    assert.equal(written.readUInt32BE(4), 0x8000_0000 + 4 + large.length);
    assert.equal(written.length, 4 + 4 + 4 + large.length);
  });

  test('stays as it is when more is written', () => {
    const writer = new XdrWriter();
    writer.byteString('first');
    const [first] = writer.take();
    const copy = Buffer.from(first!);
    for (let i = 0; i < 40_000; i++) writer.uint32(0xffff_ffff);
    assert.deepEqual(Buffer.from(first!), copy);
  });
});

test('a part of segments is what it would be of all of them together', () => {
  const cases = fc.tuple(fc.array(fc.uint8Array({ maxLength: 5 })), fc.nat(30), fc.nat(30));
  fc.assert(
    fc.property(cases, ([segments, a, b]) => {
      const all = Buffer.concat(segments);
      const [start, end] = [Math.min(a, b, all.length), Math.min(Math.max(a, b), all.length)];
      assert.deepEqual(copyOfSegments(segments, start, end), all.subarray(start, end));
    }),
  );
});
