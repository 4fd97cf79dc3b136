import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Scratch, type StartedSession, write } from '../mic.ts';
import { follow } from '../transcript.ts';

const scratch = new Scratch();
const files = { 'a.txt': '1\n2\n3\n', 'b.txt': 'b\n', '.gitignore': '*.log\nbuild/\n' };

/** Makes a project of a test's own, and starts a session in it for each title. */
async function start<const Titles extends readonly string[]>(
  project: string,
  ...titles: Titles
): Promise<{ [N in keyof Titles]: Work }> {
  await scratch.project(project, files);
  const started = titles.map(async (title): Promise<Work> => {
    const session = await scratch.session(project, title);
    return { ...session, file: (name) => join(session.workspace, name) };
  });
  return (await Promise.all(started)) as { [N in keyof Titles]: Work };
}

interface Work extends StartedSession {
  /** The path of a file in the workspace. */
  readonly file: (name: string) => string;
}

const read = (path: string): string => readFileSync(path, 'utf8');

describe('the life of a session', { concurrency: 2 }, () => {
  test('a conflict lands nothing, is synced, resolved, and landed in the same session', async () => {
    const [ada, bob] = await start('acme/conflict', 'two', 'zwei');
    write(ada.file('a.txt'), '1\ntwo\n3\n');
    write(bob.file('a.txt'), '1\nzwei\n3\n');
    write(bob.file('c.txt'), 'c\n');
    await scratch.mic(['land'], { in: ada.workspace });
    await follow(
      scratch,
      `
$ cd '${bob.workspace}'
$ mic land
${bob.id} conflicts with the head (landing {head}) in 1 place. Nothing landed.
  a.txt  (content)
Next: mic session sync ${bob.id}, resolve them in the workspace, and land again.
[5]

$ mic session status
${bob.id}  conflicted  zwei
The head is 1 landing ahead of its base. "mic session sync" merges them.

2 changed files:
  M a.txt
  A c.txt

1 conflict to resolve; bring them into the files with "mic session sync":
  a.txt  (content)

$ mic session sync
Merged the head (landing {head}), with conflicts. Resolve these, then land:
  a.txt  (content)
[5]

$ cat a.txt
1
<<<<<<< session
zwei
=======
two
>>>>>>> head
3

$ mic land
mic: Session ${bob.id} has conflicts that nobody has resolved: a.txt. Edit them, or say "mic session resolve PATH" where a file is right as it is; then land again.
[5]

$ printf '1\\ntwo, zwei\\n3\\n' > a.txt
$ mic land --message="Both"
Landed ${bob.id} as landing {next} of acme/conflict
...
2 changed files:
  M a.txt
  A c.txt
`,
    );
  });

  test('a conflict without markers is resolved by a word', async () => {
    const [ada, bob] = await start('acme/word', 'delete', 'change');
    rmSync(ada.file('b.txt'));
    write(bob.file('b.txt'), 'changed\n');
    await scratch.mic(['land'], { in: ada.workspace });
    await scratch.mic(['land'], { in: bob.workspace, exit: 5 });
    await scratch.mic(['session', 'sync'], { in: bob.workspace, exit: 5 });
    await scratch.mic(['land'], { in: bob.workspace, exit: 5 });
    await scratch.mic(['session', 'resolve', 'b.txt'], { in: bob.workspace });
    await scratch.mic(['land'], { in: bob.workspace });
    assert.equal(read(bob.file('b.txt')), 'changed\n');
  });

  test('a fork begins with the files of the other as they are, and goes its own way', async () => {
    const [first] = await start('acme/fork', 'one way');
    write(first.file('fork.txt'), 'common\n');
    const forked = await scratch.json<{ sessionId: string; workspace: string }>(
      ['session', 'fork', '--title=another way'],
      { in: first.workspace },
    );
    assert.equal(read(join(forked.workspace, 'fork.txt')), 'common\n');
    write(join(forked.workspace, 'fork.txt'), 'other\n');
    const { changes } = await scratch.json<{ changes: unknown }>(['session', 'status', first.id]);
    assert.deepEqual(changes, [{ kind: 'added', path: 'fork.txt' }]);
    assert.equal(read(first.file('fork.txt')), 'common\n');
    assert.notEqual(forked.sessionId, first.id);
  });

  describe('remove and restore', () => {
    test('bring the workspace back as it was, ignored files and repositories inside of it included', async () => {
      const [session] = await start('acme/clean', 'cleaned up');
      write(session.file('new.txt'), 'new\n');
      write(session.file('debug.log'), 'ignored\n');
      write(session.file('build/out'), 'ignored\n');
      mkdirSync(session.file('vendor'));
      await scratch.git(['init', '--quiet'], session.file('vendor'));
      write(session.file('vendor/lib.c'), 'in a repository of its own\n');
      const { stdout } = await scratch.mic(['session', 'remove', session.id]);
      assert.match(stdout, /Until \d{4}-\d\d-\d\d .*"mic session restore sess-.*" brings it back/);
      assert.ok(!existsSync(session.workspace));
      await scratch.mic(['session', 'status', session.id], { exit: 4 });
      const removed = await scratch.mic(['session', 'list', '--project=acme/clean', '--removed']);
      assert.match(removed.stdout, new RegExp(session.id));

      await scratch.mic(['session', 'restore', session.id]);
      assert.equal(read(session.file('new.txt')), 'new\n');
      assert.equal(read(session.file('debug.log')), 'ignored\n');
      assert.equal(read(session.file('build/out')), 'ignored\n');
      assert.equal(read(session.file('vendor/lib.c')), 'in a repository of its own\n');
      assert.ok(existsSync(session.file('vendor/.git/HEAD')));
      await scratch.mic(['land'], { in: session.workspace });
    });

    test('work where the workspace is, wherever that is by now', async () => {
      const [session] = await start('acme/away', 'moved away');
      const elsewhere = join(scratch.directory, 'else where');
      write(session.file('debug.log'), 'ignored\n');
      renameSync(session.workspace, elsewhere);
      await scratch.mic(['session', 'remove'], { in: elsewhere });
      assert.ok(!existsSync(elsewhere));
      await scratch.mic(['session', 'restore', session.id]);
      assert.equal(read(join(elsewhere, 'debug.log')), 'ignored\n');
    });

    test('keep it for as long as was said, and gc then deletes what was put aside, and nothing else', async () => {
      const [session, other] = await start('acme/gc', 'not for long', 'nor this');
      write(session.file('x.log'), 'ignored\n');
      await scratch.mic(['session', 'remove', other.id, '--keep-days=0']);
      const otherAside = join(other.workspace, '..', `.removed-${other.id}`);
      assert.ok(existsSync(otherAside));
      await scratch.mic(['session', 'remove', session.id, '--keep-days=0']);
      const aside = join(session.workspace, '..', `.removed-${session.id}`);
      assert.ok(existsSync(aside));
      // Somebody else's directory stands where the session was put aside: another machine, or bad luck.
      const kept = join(scratch.directory, 'kept');
      renameSync(aside, kept);
      write(join(aside, 'precious'), 'not of Micelio\n');
      await scratch.mic(['store', 'gc']);
      assert.ok(!existsSync(otherAside));
      assert.equal(read(join(aside, 'precious')), 'not of Micelio\n');
      await scratch.mic(['session', 'show', session.id], { exit: 3 });
    });
  });

  test('a checkpoint comes back, and what was there before it comes back too', async () => {
    const [session] = await start('acme/back', 'back and forth');
    write(session.file('a.txt'), 'first\n');
    await scratch.mic(['session', 'checkpoint', '--note=first'], { in: session.workspace });
    write(session.file('a.txt'), 'second\n');
    write(session.file('later.txt'), 'later\n');
    await follow(
      scratch,
      `
$ cd '${session.workspace}'
$ mic session restore --checkpoint=1
Session ID: ${session.id}
Workspace:  ${session.workspace}
Base Tree:  sha256:{base}

$ cat a.txt
first
$ ls later.txt
*
[2]

$ mic session restore --checkpoint=2
...
$ cat a.txt later.txt
second
later

$ mic session restore --checkpoint=99
mic: Session ${session.id} has no checkpoint 99; it has 1, 2, 3, 4. "mic session show ${session.id}" lists them.
[3]
`,
    );
  });

  test('an abandoned session says why, lands no more, and can be taken up again', async () => {
    const [session] = await start('acme/given', 'given up');
    write(session.file('given-up.txt'), 'work\n');
    await scratch.mic(['session', 'abandon', '--why=the library has it already'], { in: session.workspace });
    const { stderr } = await scratch.mic(['land'], { in: session.workspace, exit: 4 });
    assert.match(stderr, /abandoned/);
    const open = await scratch.mic(['session', 'list', '--project=acme/given']);
    assert.doesNotMatch(open.stdout, new RegExp(session.id));
    const { stdout } = await scratch.mic(['session', 'show', session.id]);
    assert.match(stdout, /Abandoned: the library has it already/);
    assert.equal(read(session.file('given-up.txt')), 'work\n');
    await scratch.mic(['session', 'restore', session.id]);
    await scratch.mic(['land'], { in: session.workspace });
  });

  test('a second machine gets the same files, and what each changes comes together', async () => {
    const [session] = await start('acme/two', 'on two machines');
    write(session.file('one.txt'), 'from the first\n');
    await scratch.mic(['session', 'checkpoint'], { in: session.workspace });
    const environment = { MICELIO_WORKSPACES: join(scratch.directory, 'second machine') };
    // The first machine's disk is not there for the second.
    const hidden = `${session.workspace}.hidden`;
    renameSync(session.workspace, hidden);
    const second = (await scratch.mic(['session', 'path', session.id], { environment })).stdout.trim();
    assert.ok(second.startsWith(environment.MICELIO_WORKSPACES));
    assert.equal(read(join(second, 'one.txt')), 'from the first\n');
    write(join(second, 'two.txt'), 'from the second\n');
    await scratch.mic(['session', 'checkpoint'], { in: second, environment });
    renameSync(hidden, session.workspace);
    write(session.file('three.txt'), 'from the first again\n');
    await scratch.mic(['land'], { in: session.workspace });
    const landing = await scratch.json<{ changes: { path: string }[] }[]>([
      'project',
      'log',
      'acme/two',
      '-n',
      '1',
    ]);
    assert.deepEqual(
      landing[0]!.changes.map(({ path }) => path),
      ['one.txt', 'three.txt', 'two.txt'],
    );
  });

  test('commands work in a workspace that was moved, and in a directory of it', async () => {
    const [session] = await start('acme/moved', 'moved');
    const moved = join(scratch.directory, 'moved here');
    renameSync(session.workspace, moved);
    write(join(moved, 'deep/er/file.txt'), 'x\n');
    const status = await scratch.mic(['status'], { in: join(moved, 'deep/er') });
    assert.match(status.stdout, new RegExp(`^${session.id} {2}active {2}moved\n`));
    assert.match(status.stdout, /^ {2}A deep\/er\/file\.txt$/m);
    await scratch.mic(['land'], { in: join(moved, 'deep') });
  });

  test('a session that gets no workspace is not started', async () => {
    await scratch.project('acme/taken', files);
    const taken = scratch.files('taken', { 'mine.txt': 'mine\n' });
    const before = await scratch.json<unknown[]>(['session', 'list', '--project=acme/taken', '--all']);
    const args = ['session', 'start', 'in the way', '--project=acme/taken', `--directory=${taken}`];
    const { stderr } = await scratch.mic(args, { exit: 4 });
    assert.match(stderr, /is not empty/);
    assert.equal(read(join(taken, 'mine.txt')), 'mine\n');
    const after = await scratch.json<unknown[]>(['session', 'list', '--project=acme/taken', '--all']);
    assert.equal(after.length, before.length);
  });
});
