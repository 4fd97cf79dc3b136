import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeMounted } from './mounted.ts';

const journalModes = ['delete', 'truncate', 'persist', 'memory', 'off'];

describeMounted('data on a mount', { programs: ['sqlite3', 'fio'] }, (mounted) => {
  for (const mode of journalModes) {
    test(`sqlite3 with journal_mode=${mode}`, async () => {
      const out = await mounted().sh(`
        for i in 1 2 3 4 5 6; do
          sqlite3 db "PRAGMA journal_mode=${mode}; CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b BLOB);
            BEGIN; WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n < 300)
            INSERT INTO t(b) SELECT randomblob(2000) FROM c; COMMIT;
            UPDATE t SET b = zeroblob(3000) WHERE a % 7 = $i; DELETE FROM t WHERE a % 11 = $i;" > /dev/null
          sync; echo 3 > /proc/sys/vm/drop_caches
        done
        sqlite3 db 'PRAGMA integrity_check; SELECT count(*) FROM t; VACUUM; PRAGMA integrity_check'`);
      assert.match(out, /^ok\n\d+\nok\n$/);
    });
  }

  test('sqlite3 with a write-ahead log, as one client may have it', async () => {
    // Shared memory between processes of one client: the mapping stays in that client.
    const out = await mounted().sh(`
      sqlite3 db 'PRAGMA journal_mode=wal; CREATE TABLE t(a)' > /dev/null
      for n in 1 2 3; do
        (for i in $(seq 15); do sqlite3 -cmd '.timeout 60000' db "INSERT INTO t VALUES ($i)"; done) & jobs[n]=$!
      done
      wait "\${jobs[1]}"; wait "\${jobs[2]}"; wait "\${jobs[3]}"
      sqlite3 db 'SELECT count(*), sum(a) FROM t; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA integrity_check'`);
    assert.equal(out, '45|360\n0|0|0\nok\n');
  });

  const verified: Readonly<Record<string, string>> = {
    'random, in small blocks, direct': '--rw=randwrite --bs=4k --size=16M --direct=1 --iodepth=1',
    'random, mixed sizes': '--rw=randrw --bsrange=512-128k --bs_unaligned=1 --size=48M',
    sequential: '--rw=write --bs=1M --size=128M --end_fsync=1',
    'through a mapping': '--rw=randwrite --bs=4k --size=16M --ioengine=mmap',
    'by four at once, synced': '--rw=randwrite --bs=16k --size=4M --numjobs=4 --fsync=16',
  };
  for (const [name, job] of Object.entries(verified)) {
    test(`fio writes and verifies: ${name}`, async () => {
      const common =
        '--name=f --fallocate=none --invalidate=0 --verify=crc32c --verify_fatal=1 --do_verify=1';
      await mounted().sh(`
        fio ${common} ${job} > /run/tmp/fio.out 2>&1 || { cat /run/tmp/fio.out; exit 1; }
        sync; echo 3 > /proc/sys/vm/drop_caches
        fio ${common} ${job} --verify_only=1 > /run/tmp/fio.out 2>&1 || { cat /run/tmp/fio.out; exit 1; }
        rm f.*`);
    });
  }
});
