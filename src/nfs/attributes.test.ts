import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Attributes, InodeNumber } from '../vfs/file-system.ts';
import {
  readAttributeChange,
  writeAttributes,
  writeOptionalAttributes,
  writeWeakConsistency,
} from './attributes.ts';
import { exportKey } from './exports.ts';
import { XdrReader } from './xdr/reader.ts';
import { XdrWriter } from './xdr/writer.ts';

const exported = exportKey('f0112233445566778899aabbccddeeff');
const attributes: Attributes = {
  inode: 0x2_0000_0003 as InodeNumber,
  type: 'block-device',
  mode: 0o104755,
  links: 2,
  uid: 1000,
  gid: 0xffff_fffe,
  size: 0x1_0000_0001,
  used: 4096,
  device: { major: 8, minor: 1 },
  accessed: { seconds: 1, nanoseconds: 2 },
  modified: { seconds: 0xffff_ffff, nanoseconds: 999_999_999 },
  changed: { seconds: 5, nanoseconds: 6 },
};

/** `fattr3` of RFC 1813, 2.5, of the attributes above. */
const golden =
  '00000003 000009ed 00000002 000003e8 fffffffe 0000000100000001 0000000000001000 00000008 00000001' +
  'f011223344556677 0000000200000003 00000001 00000002 ffffffff 3b9ac9ff 00000005 00000006';
/** `wcc_attr`: size, time of modification, time of change. */
const goldenBefore = '0000000100000001 ffffffff 3b9ac9ff 00000005 00000006';

const expect = (write: (writer: XdrWriter) => void, text: string): void => {
  const writer = new XdrWriter();
  write(writer);
  assert.equal(Buffer.concat(writer.take()).toString('hex'), text.replaceAll(' ', ''));
};

describe('attributes', () => {
  test('are written as RFC 1813 has them', () => {
    expect((writer) => writeAttributes(writer, attributes, exported), golden);
    expect((writer) => writeOptionalAttributes(writer, attributes, exported), `00000001 ${golden}`);
    expect((writer) => writeOptionalAttributes(writer, undefined, exported), '00000000');
    expect(
      (writer) => writeWeakConsistency(writer, attributes, attributes, exported),
      `00000001 ${goldenBefore} 00000001 ${golden}`,
    );
    expect((writer) => writeWeakConsistency(writer, undefined, undefined, exported), '00000000 00000000');
  });

  test('have a number for each type of file', () => {
    const types = [
      'file',
      'directory',
      'block-device',
      'character-device',
      'symlink',
      'socket',
      'fifo',
    ] as const;
    types.forEach((type, i) => {
      const writer = new XdrWriter();
      writeAttributes(writer, { ...attributes, type }, exported);
      assert.equal(new XdrReader(Buffer.concat(writer.take())).uint32(), i + 1);
    });
  });
});

describe('a change of attributes', () => {
  const change = (text: string) =>
    readAttributeChange(new XdrReader(Buffer.from(text.replaceAll(' ', ''), 'hex')));

  test('has what is set, and nothing else', () => {
    assert.deepEqual(change('00000000 00000000 00000000 00000000 00000000 00000000'), {});
    assert.deepEqual(
      change(
        '00000001 000089ed 00000001 00000001 00000001 00000002 00000001 0000000100000000' +
          '00000001 00000002 00000007 3b9ac9ff',
      ),
      {
        mode: 0o4755,
        uid: 1,
        gid: 2,
        size: 2 ** 32,
        accessed: 'now',
        modified: { seconds: 7, nanoseconds: 999_999_999 },
      },
    );
  });

  test('has no owner where it says −1', () => {
    assert.deepEqual(change('00000000 00000001 ffffffff 00000001 ffffffff 00000000 00000000 00000000'), {});
    assert.deepEqual(change('00000000 00000001 ffffffff 00000001 fffffffe 00000000 00000000 00000000'), {
      gid: 0xffff_fffe,
    });
  });

  test('is refused where it makes no sense', () => {
    assert.throws(() => change('00000002'), { code: 'nfs/malformed' });
    assert.throws(() => change('00000000 00000000 00000000 00000000 00000003'), { code: 'nfs/malformed' });
    assert.throws(() => change('00000000 00000000 00000000 00000000 00000002 00000000 3b9aca00'), {
      code: 'file-system/invalid',
    });
    assert.throws(() => change('00000000 00000000 00000000 00000001 8000000000000000 00000000 00000000'), {
      code: 'file-system/file-too-large',
    });
  });
});
