import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RecordStream } from './record-stream.ts';

const limits = { recordBytesMax: 100_000, recordFragmentsMax: 64 };

/** A record in fragments that end at `cuts`. */
function fragmented(record: Uint8Array, cuts: readonly number[]): Buffer {
  const ends = [...cuts.map((cut) => cut % (record.length + 1)).sort((a, b) => a - b), record.length];
  return Buffer.concat(
    ends.flatMap((end, i) => {
      const fragment = record.subarray(i === 0 ? 0 : ends[i - 1], end);
      const mark = Buffer.alloc(4);
      mark.writeUInt32BE(fragment.length + (i === ends.length - 1 ? 0x8000_0000 : 0));
      return [mark, fragment];
    }),
  );
}

function recordsIn(stream: RecordStream): Buffer[] {
  const found: Buffer[] = [];
  for (let next = stream.next(); next !== undefined; next = stream.next())
    found.push(Buffer.from(next.record()));
  return found;
}

const record = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 900, maxLength: 12_000 }),
);

describe('a stream of records', () => {
  test('gives each record, whatever fragments and chunks it comes in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(record, fc.array(fc.nat(), { maxLength: 5 })), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        fc.boolean(),
        (records, cuts, pushFirst) => {
          const bytes = Buffer.concat(records.map(([one, fragments]) => fragmented(one, fragments)));
          const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
          const stream = new RecordStream(limits);
          const found: Buffer[] = [];
          ends.forEach((end, i) => {
            const chunk = Buffer.from(bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
            stream.push(chunk);
            if (!pushFirst) found.push(...recordsIn(stream));
          });
          found.push(...recordsIn(stream));
          assert.deepEqual(
            found,
            records.map(([one]) => Buffer.from(one)),
          );
          assert.equal(stream.withinRecord, false);
        },
      ),
    );
  });

  test('that comes byte by byte takes few pieces', () => {
    const stream = new RecordStream(limits);
    const bytes = fragmented(Buffer.alloc(50_000, 5), []);
    for (const byte of bytes.subarray(0, -1)) {
      stream.push(Buffer.from([byte]));
      assert.equal(stream.next(), undefined);
      assert.equal(stream.withinRecord, true);
    }
    stream.push(bytes.subarray(-1));
    const reader = stream.next()!;
    assert.ok(reader.pieces(50_000).length < 10);
  });

  test('is refused beyond its limits, before what is too much has come', () => {
    const refused = { code: 'nfs/record-refused' };
    const attempt = (bytes: Buffer) => () => {
      const stream = new RecordStream(limits);
      stream.push(bytes);
      stream.next();
    };
    assert.throws(attempt(Buffer.from('800186a1', 'hex')), refused);
    assert.throws(attempt(Buffer.from('7fffffff', 'hex')), refused);
    assert.throws(
      attempt(
        Buffer.concat([
          fragmented(Buffer.alloc(60_000), [30_000]).subarray(0, 30_004),
          Buffer.from('80011172', 'hex'),
        ]),
      ),
      refused,
    );
    assert.throws(attempt(Buffer.alloc(4 * 65)), refused);
    assert.doesNotThrow(attempt(Buffer.alloc(4 * 64)));
  });
});
