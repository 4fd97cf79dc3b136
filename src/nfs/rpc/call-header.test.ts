import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { XdrReader } from '../xdr/reader.ts';
import { XdrWriter } from '../xdr/writer.ts';
import { readCallHeader } from './call-header.ts';
import { nobody } from './credentials.ts';
import { writeProgramMismatch, writeRefusal, writeRejection, writeSuccess } from './reply.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const parse = (text: string) => readCallHeader(new XdrReader(hex(text)));

/** xid, CALL, version 2, NFS, version 3, GETATTR. */
const begin = '0000abcd 00000000 00000002 000186a3 00000003 00000001';
const noVerifier = '00000000 00000000';
/** AUTH_SYS: stamp 1, "host", user 1000, group 100, groups 4 and 27. */
const sys = '00000001 00000020 00000001 00000004 686f7374 000003e8 00000064 00000002 00000004 0000001b';

describe('the header of a call', () => {
  test('has the procedure and the caller', () => {
    const reader = new XdrReader(hex(`${begin} ${sys} ${noVerifier} 12345678`));
    assert.deepEqual(readCallHeader(reader), {
      kind: 'call',
      xid: 0xabcd,
      program: 100_003,
      version: 3,
      procedure: 1,
      caller: { uid: 1000, gid: 100, groups: [4, 27] },
    });
    assert.equal(reader.uint32(), 0x12345678);
  });

  test('without credentials is from nobody', () => {
    const header = parse(`${begin} ${noVerifier} ${noVerifier}`);
    assert.deepEqual(header.kind === 'call' && header.caller, nobody);
  });

  test('of another RPC, or with credentials that are not taken, is rejected', () => {
    const xid = 0xabcd;
    assert.deepEqual(parse('0000abcd 00000000 00000003'), { kind: 'rpc-mismatch', xid });
    const rejected = (credentials: string, status: number) =>
      assert.deepEqual(parse(`${begin} ${credentials} ${noVerifier}`), { kind: 'auth-error', xid, status });
    // AUTH_SHORT and RPCSEC_GSS; too long; too short; a name beyond its end; 17 groups; more than there is.
    rejected('00000002 00000004 00000000', 2);
    rejected('00000006 00000000', 2);
    rejected('00000001 00000191', 1);
    rejected('00000001 00000010 00000000 00000000 00000000 00000000', 1);
    rejected('00000001 00000014 00000000 00000100 00000000 00000000 00000000', 1);
    rejected('00000001 00000014 00000000 00000004 00000000 00000000 00000000', 1);
    rejected(`00000001 00000058 00000000 00000000 00000000 00000000 00000011 ${'00000000'.repeat(17)}`, 1);
    rejected('00000001 00000014 00000000 00000000 00000000 00000000 00000001', 1);
    assert.deepEqual(parse(`${begin} ${noVerifier} 00000000 00000191`), {
      kind: 'auth-error',
      xid,
      status: 3,
    });
  });

  test('that ends too early is garbage, and what is no call has no answer', () => {
    const whole = hex(`${begin} ${sys} ${noVerifier}`);
    for (let length = 8; length < whole.length; length++)
      assert.equal(readCallHeader(new XdrReader(whole.subarray(0, length))).kind, 'garbage');
    for (let length = 0; length < 8; length++)
      assert.throws(() => readCallHeader(new XdrReader(whole.subarray(0, length))), {
        code: 'nfs/record-refused',
      });
    assert.throws(() => parse('0000abcd 00000001 00000002'), { code: 'nfs/record-refused' });
  });
});

describe('a reply', () => {
  const written = (write: (writer: XdrWriter) => void): string => {
    const writer = new XdrWriter();
    write(writer);
    return Buffer.concat(writer.take()).toString('hex');
  };
  const expect = (write: (writer: XdrWriter) => void, text: string): void =>
    assert.equal(written(write), text.replaceAll(' ', ''));

  test('has its header as RFC 5531 has it', () => {
    expect((writer) => writeSuccess(writer, 5), '00000005 00000001 00000000 00000000 00000000 00000000');
    expect((writer) => writeRefusal(writer, 5, 3), '00000005 00000001 00000000 00000000 00000000 00000003');
    expect(
      (writer) => writeProgramMismatch(writer, 5, 3),
      '00000005 00000001 00000000 00000000 00000000 00000002 00000003 00000003',
    );
    expect(
      (writer) => writeRejection(writer, { kind: 'rpc-mismatch', xid: 5 }),
      '00000005 00000001 00000001 00000000 00000002 00000002',
    );
    expect(
      (writer) => writeRejection(writer, { kind: 'auth-error', xid: 5, status: 2 }),
      '00000005 00000001 00000001 00000001 00000002',
    );
    expect(
      (writer) => writeRejection(writer, { kind: 'garbage', xid: 5 }),
      '00000005 00000001 00000000 00000000 00000000 00000004',
    );
  });
});
