import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describeWherePossible } from '../needs.ts';
import { Guest } from '../nfs-guest/guest.ts';
import { guestLack } from '../nfs-guest/lack.ts';
import { allowedProcessors } from '../nfs-guest/user-mode-linux.ts';
import { runAll } from './mounted.ts';
import { type ServedSessions, serveSessions } from './served-session.ts';

/** How long a client may believe what it knows of a directory or a file, in s: the kernel's default is up to 60. */
const shortMemory = 'acregmax=1,acdirmax=1,acregmin=1,acdirmin=1';

describeWherePossible('two clients', guestLack(), () => {
  let served: ServedSessions;
  let guests: readonly Guest[] = [];

  before(async () => {
    served = await serveSessions({ sessions: 2, files: `${import.meta.dirname}/programs` });
    const processors = allowedProcessors();
    guests = await Promise.all([
      Guest.start({ memoryMiB: 1024, processor: processors.at(-1)! }),
      Guest.start({ memoryMiB: 1024, processor: processors.at(-2) ?? processors[0]! }),
    ]);
  });
  after(async () => {
    for (const guest of guests) await guest.stop();
    await served?.stop();
  });

  test('of one session see what the other does', async () => {
    const [first, second] = guests as [Guest, Guest];
    const here = await first.mount(served.exports[0]!, shortMemory);
    const there = await second.mount(served.exports[0]!, shortMemory);
    await runAll(first, 'echo one > shared; mkdir d; ln -s shared link', { directory: here });
    const seen = await runAll(second, 'cat shared link; ls -dF d link shared', { directory: there });
    assert.equal(seen.stdout, 'one\none\nd/\nlink@\nshared\n');
    // Open to close: whoever opens a file after another has closed it reads what that one wrote.
    for (let i = 0; i < 5; i++) {
      await runAll(second, `echo answer ${i} > shared`, { directory: there });
      const { stdout } = await runAll(first, 'cat shared', { directory: here });
      assert.equal(stdout, `answer ${i}\n`);
    }
    await runAll(first, 'mv shared d/moved; rm link', { directory: here });
    await runAll(second, 'sleep 1.1; test ! -e shared; test ! -L link; grep -q answer d/moved', {
      directory: there,
    });
    // What is gone for one is gone for the other, who holds it open.
    const holds = runAll(
      second,
      'exec 3< d/moved; touch held; until [ -e released ]; do sleep 0.3; done; cat <&3 2>&1 || echo stale',
      { directory: there },
    );
    await runAll(first, 'until [ -e held ]; do sleep 0.3; done; rm d/moved; touch released', {
      directory: here,
    });
    assert.match((await holds).stdout, /answer 4|[Ss]tale/);
    await runAll(second, 'sleep 1.1; rmdir d; rm held released', { directory: there });
  });

  test('of one session make names at once, and each name is made once', async () => {
    const script = `
      made=0
      for i in $(seq 150); do mkdir "$i" 2>/dev/null && made=$((made + 1)) || true; done
      echo $made`;
    const [first, second] = guests as [Guest, Guest];
    const here = await first.mount(served.exports[0]!);
    const there = await second.mount(served.exports[0]!);
    await runAll(first, 'mkdir race', { directory: here });
    const results = await Promise.all([
      runAll(first, script, { directory: `${here}/race` }),
      runAll(second, script, { directory: `${there}/race` }),
    ]);
    const made = results.map(({ stdout }) => Number(stdout));
    assert.equal(made[0]! + made[1]!, 150);
    assert.equal((await runAll(first, 'ls race | wc -l', { directory: here })).stdout, '150\n');
  });

  test('of two sessions of one project see nothing of each other', async () => {
    const [first, second] = guests as [Guest, Guest];
    const here = await first.mount(served.exports[0]!);
    const there = await second.mount(served.exports[1]!);
    await runAll(first, 'echo mine > secret; echo changed >> editors.py; rm sparse.py; mkdir own', {
      directory: here,
    });
    const { stdout } = await runAll(
      second,
      `diff -r . ${import.meta.dirname}/programs; touch own; echo yours > sparse.py; ls`,
      { directory: there },
    );
    assert.doesNotMatch(stdout, /secret/);
    await runAll(
      first,
      'echo 3 > /proc/sys/vm/drop_caches; test -d own; test ! -e sparse.py; tail -1 editors.py | grep -qx changed',
      { directory: here },
    );
  });

  test('without the secret get nothing', async () => {
    const { port, mountPort = port, exportPath } = served.exports[0]!;
    for (const path of [`${exportPath}x`, exportPath.slice(0, -1), '/', '/exports/sessions']) {
      await assert.rejects(guests[0]!.mount({ port, mountPort, exportPath: path }), /could not mount/);
    }
  });
});
