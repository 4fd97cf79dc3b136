import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeMounted, programDirectory } from './mounted.ts';

const killings = 3;
const forget = 'sync; echo 3 > /proc/sys/vm/drop_caches';

describeMounted('a server that is killed and started again', { programs: ['fio'] }, (mounted) => {
  /** Kills the server several times while `load` runs, with time in between to serve. */
  async function killedDuring(load: Promise<unknown>): Promise<void> {
    const { served } = mounted();
    const killing = (async () => {
      for (let i = 0; i < killings; i++) {
        await sleep(700 + 400 * i);
        await served.kill();
        await sleep(100);
        await served.restart();
        await sleep(3500); // the client tries again after 3 s
      }
    })();
    await Promise.all([load, killing]);
  }

  test('loses nothing that was synced, and undoes nothing', async () => {
    const { guest } = mounted();
    const python = `/usr/bin/python3 ${programDirectory}`;
    const load = mounted().sh(
      `${python}/durable_writer.py /run/tmp/notes /run/tmp/stop; ${forget}; ${python}/durable_check.py /run/tmp/notes`,
      { timeoutMs: 180_000 },
    );
    load.catch(() => {}); // heard below
    await killedDuring(Promise.resolve());
    await guest.run('touch /run/tmp/stop');
    const [written, found] = (await load).trim().split('\n').map(Number);
    assert.ok(written! > 20 && found! > 20, `${written} written, ${found} found`);
  });

  test('has all that was written before a sync, unsynced when it died', async () => {
    const load = mounted().sh(
      `for i in $(seq 40); do head -c 1500000 /dev/urandom > f$i; sleep 0.3; done
       sha256sum f* > /run/tmp/sums; ${forget}; sha256sum --quiet -c /run/tmp/sums`,
      { timeoutMs: 180_000 },
    );
    await killedDuring(load);
  });

  test('lets fio verify what it wrote through it', async () => {
    const load = mounted().sh(
      `fio --name=f --rw=randwrite --bs=8k --size=24M --rate=1500k --fallocate=none --invalidate=0 --verify=crc32c \\
         --verify_fatal=1 --fsync=64 > /run/tmp/fio.out 2>&1 || { cat /run/tmp/fio.out; exit 1; }
       ${forget}
       fio --name=f --rw=randwrite --bs=8k --size=24M --fallocate=none --invalidate=0 --verify=crc32c \\
         --verify_fatal=1 --verify_only=1 > /run/tmp/fio.out 2>&1 || { cat /run/tmp/fio.out; exit 1; }`,
      { timeoutMs: 180_000 },
    );
    await killedDuring(load);
  });

  test('honours the files that are open, and does not do twice what it did', async () => {
    const { guest, served, directory } = mounted();
    const holding = mounted().sh(
      `exec 3<> open; echo before >&3; rm open; mkdir d
       touch /run/tmp/holding; until [ -e /run/tmp/go ]; do sleep 0.1; done
       echo after >&3; cat /proc/self/fd/3; mkdir d/e; mv d/e d/f; rm -r d; ls -A | grep -v '^.nfs' || true`,
    );
    await guest.run('until [ -e /run/tmp/holding ]; do sleep 0.1; done; sync', { directory });
    await served.kill();
    await guest.run('touch /run/tmp/go');
    await sleep(500);
    await served.restart();
    assert.equal(await holding, 'before\nafter\n');
  });
});
