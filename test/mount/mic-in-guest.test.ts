import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after, before, test } from 'node:test';
import { binDirectory } from '../mic.ts';
import { describeWherePossible } from '../needs.ts';
import { Guest, type GuestUser, type RunResult } from '../nfs-guest/guest.ts';
import { guestLack } from '../nfs-guest/lack.ts';

/** Finds the process of the file server. */
const serverPid = `$(mic-fs status --json | sed -n 's/^ *"pid": \\([0-9]*\\),$/\\1/p')`;

describeWherePossible('mic on a machine whose kernel mounts NFS', guestLack(), () => {
  let guest: Guest;
  before(async () => {
    guest = await Guest.start();
    await type('mkdir -p ~/web/src && cd ~/web && echo a > a.txt && echo b > src/b.txt');
    await type('mic project create acme/web --from="$HOME/web"');
  });
  after(() => guest.stop());

  /** Types a line in the guest, as root with a home of its own, and returns what it prints. */
  async function type(line: string, exit = 0, user?: GuestUser): Promise<RunResult> {
    const environment = {
      HOME: `/tmp/home-${user?.uid ?? 0}`,
      PATH: `${binDirectory}:${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`,
      MICELIO_PROJECT: 'acme/web',
    };
    const command = `set -eo pipefail; mkdir -p "$HOME"; ${line}`;
    const result = await guest.run(command, { environment, ...(user && { user }) });
    assert.equal(result.status, exit, `${line}\n${result.stdout}${result.stderr}`);
    return result;
  }

  test('root starts a session, works in its mount, and lands from inside', async () => {
    const { stdout } = await type(`
      id=$(mic session start work --workspace=mount | sed -n 's/^Session ID: //p')
      cd "$(mic session path "$id")"
      findmnt --noheadings --output=FSTYPE,OPTIONS --target .
      echo new > new.txt; mv src moved; cat moved/b.txt
      mic status | head -5
      mic land -m 'From a mount' | head -1
      git --version >/dev/null; ls -A`);
    assert.match(stdout, /^nfs .*nosuid,nodev.*vers=3/);
    assert.match(stdout, /\nb\n/);
    assert.match(stdout, / {2}A new\.txt\n/);
    assert.match(stdout, /Landed sess-\S+ as landing 2/);
    assert.match(stdout, /\.micelio-session\na\.txt\nmoved\nnew\.txt\n$/);
  });

  test('a command inside a mount starts the file server again when that has died', async () => {
    const { stdout } = await type(`
      id=$(mic session start work --workspace=mount | sed -n 's/^Session ID: //p')
      cd "$(mic session path "$id")"
      echo kept > kept.txt
      kill -9 ${serverPid}
      timeout 60 mic session status | tail -1
      cat kept.txt`);
    assert.match(stdout, / {2}A kept\.txt\nkept\n$/);
  });

  test('removing from inside unmounts, and restoring mounts again', async () => {
    const { stdout } = await type(`
      id=$(mic session start work --workspace=mount | sed -n 's/^Session ID: //p')
      directory=$(mic session path "$id")
      cd "$directory"; echo ignored > debug.log
      mic session remove >/dev/null
      cd /; test ! -e "$directory"
      mic session restore "$id" >/dev/null
      cat "$directory/debug.log"
      mic session abandon "$id" --why=enough >/dev/null; test ! -e "$directory"
      umount "$directory" 2>/dev/null || echo unmounted`);
    assert.equal(stdout, 'ignored\nunmounted\n');
  });

  test('a user is served, and told what to type', async () => {
    const user = { uid: 1000, gid: 1000 };
    await type('chmod 1777 /tmp');
    await type(
      'mkdir -p ~/web && echo a > ~/web/a.txt && mic project create acme/web --from="$HOME/web"',
      0,
      user,
    );
    const { stdout, stderr } = await type('mic session start work --workspace=mount', 8, user);
    const [, command] = /Mount it with:\n(?:sudo )(.*)\n/.exec(stderr)!;
    assert.match(stderr, /only root may mount here/);
    const id = /sess-\S+/.exec(stdout)![0];
    await type(command!);
    const worked = await type(
      `cd "$(mic session path ${id})" && echo mine > mine.txt && stat -c %u mine.txt && mic land | head -1`,
      0,
      user,
    );
    assert.match(worked.stdout, /^1000\nLanded /);
  });
});
