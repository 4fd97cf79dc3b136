import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mountOf, parseMountInfo, parseMountOutput, servedSource } from './mount-table.ts';

const session = '/exports/sessions/sess-4k2m9x7qw0ab/secret';

describe('the table of mounts', () => {
  test('of Linux is read with its escapes and optional fields', () => {
    const text = [
      '22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw',
      '30 22 0:25 / /run rw,nosuid - tmpfs tmpfs rw,size=100k',
      `48 22 0:41 / /home/ada/my\\040work rw,nosuid shared:9 master:2 - nfs 127.0.0.1:${session} rw,vers=3`,
      '',
    ].join('\n');
    assert.deepEqual(parseMountInfo(text), [
      { directory: '/', source: '/dev/vda1' },
      { directory: '/run', source: 'tmpfs' },
      { directory: '/home/ada/my work', source: `127.0.0.1:${session}` },
    ]);
  });

  test('of macOS is read as mount prints it', () => {
    const text = [
      '/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)',
      `127.0.0.1:${session} on /Users/ada/on (it) work (nfs, nodev, nosuid, mounted by ada)`,
      'map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)',
    ].join('\n');
    assert.deepEqual(parseMountOutput(text), [
      { directory: '/', source: '/dev/disk3s1s1' },
      { directory: '/Users/ada/on (it) work', source: `127.0.0.1:${session}` },
      { directory: '/System/Volumes/Data/home', source: 'map auto_home' },
    ]);
  });

  test('says what lies topmost on the way to a directory', () => {
    const table = [
      { directory: '/', source: 'root' },
      { directory: '/work', source: 'below' },
      { directory: '/work', source: 'above' },
      { directory: '/work/deep/er', source: 'deeper' },
    ];
    assert.equal(mountOf(table, '/work/deep')?.source, 'above');
    assert.equal(mountOf(table, '/work')?.source, 'above');
    assert.equal(mountOf(table, '/work/deep/er/still')?.source, 'deeper');
    assert.equal(mountOf(table, '/works')?.source, 'root');
    assert.equal(mountOf([], '/'), undefined);
  });
});

test('a source is a session of ours or it is not', () => {
  const expected = { host: '127.0.0.1', session: 'sess-4k2m9x7qw0ab' };
  assert.deepEqual(servedSource(`127.0.0.1:${session}`), expected);
  assert.deepEqual(servedSource(`[::1]:${session}`), { ...expected, host: '::1' });
  for (const source of ['/dev/sda1', 'server:/exports', `127.0.0.1:${session}/deeper`, 'tmpfs'])
    assert.equal(servedSource(source), undefined, source);
});
