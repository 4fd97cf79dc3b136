import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { MountedFiles, type MountedSession, MountScratch } from '../mounts.ts';

const files = { 'a.txt': '1\n2\n3\n', 'c.txt': '1\n2\n3\n', 'src/b.txt': 'b\n', '.gitignore': '*.log\n' };

interface StatusJson {
  readonly running: boolean;
  readonly pid: number;
  readonly port: number;
}

/** A scratch of a test's own with a project. */
async function projectScratch(name: string): Promise<MountScratch> {
  const scratch = new MountScratch(name);
  await scratch.project('acme/web', files);
  return scratch;
}

/** For tests that leave the file server alone. */
const shared = projectScratch('mount');

describe('a session that is mounted', { concurrency: 3 }, () => {
  test('is served, worked in and landed; what no tree holds stays behind', async () => {
    const scratch = await shared;
    const session = await scratch.mountSession('acme/web');
    const mounted = await MountedFiles.mount(session.workspace);
    assert.equal(await mounted.read('src/b.txt'), 'b\n');
    await mounted.write('new.txt', 'new\n');
    await mounted.write('c.txt', '1\ntwo\n3\n');
    await mounted.write('debug.log', 'ignored\n');
    const made = await mounted.client.mknod(mounted.root, 'pipe', 7, {}, [0, 0]);
    assert.equal(made.status, 0);

    const { stdout } = await scratch.mic(['session', 'status', session.sessionId]);
    assert.match(
      stdout,
      /\n2 changed files:\n {2}M c\.txt\n {2}A new\.txt\n\nNot part of the session:\n {2}pipe /,
    );
    const diff = await scratch.mic(['session', 'diff', session.sessionId]);
    assert.match(diff.stdout, /^-2\n\+two$/m);

    await scratch.mic(['session', 'land', session.sessionId]);
    await scratch.mic(['project', 'export', 'acme/web', '--to=exported']);
    assert.equal(readFileSync(join(scratch.directory, 'exported/c.txt'), 'utf8'), '1\ntwo\n3\n');
    assert.ok(existsSync(join(scratch.directory, 'exported/new.txt')));
    assert.ok(!existsSync(join(scratch.directory, 'exported/.micelio-session')));
    assert.ok(!existsSync(join(scratch.directory, 'exported/debug.log')));
    await mounted.close();
  });

  test('merges what landed meanwhile into the mounted files', async () => {
    const scratch = await shared;
    const session = await scratch.mountSession('acme/web');
    const mounted = await MountedFiles.mount(session.workspace);
    await mounted.write('mine.txt', 'mine\n');
    const other = await scratch.session('acme/web', 'other');
    await scratch.type(`printf '1\\n2\\nthree\\n' > '${other.workspace}/a.txt'`);
    await scratch.mic(['land'], { in: other.workspace });
    await scratch.mic(['session', 'sync', session.sessionId]);
    assert.equal(await mounted.read('a.txt'), '1\n2\nthree\n');
    assert.equal(await mounted.read('mine.txt'), 'mine\n');
    await scratch.mic(['session', 'land', session.sessionId]);
    await mounted.close();
  });

  test('is found from inside, as a checkout is', async () => {
    const scratch = await shared;
    const { sessionId, workspace } = await scratch.mountSession('acme/web');
    const mounted = await MountedFiles.mount(workspace);
    await mounted.write('inside.txt', 'inside\n');
    // A directory with the marker that the file server wrote is all that a command sees of a mount.
    const inside = scratch.files('looks mounted', {
      '.micelio-session/session.json': await mounted.read('.micelio-session/session.json'),
    });
    assert.equal(await mounted.read('.micelio-session/.gitignore'), '*\n');
    const { stdout } = await scratch.mic(['status'], { in: inside });
    assert.match(stdout, new RegExp(`^${sessionId} .*\\n\\n1 changed file:\\n {2}A inside\\.txt`));
    await scratch.mic(['land', '-m', 'From inside'], { in: inside });
    const log = await scratch.mic(['project', 'log', 'acme/web']);
    assert.match(log.stdout, /From inside/);
    await mounted.close();
  });

  test('survives the death of its server: the same handles, and nothing is lost', async () => {
    const scratch = await projectScratch('mount crash');
    const session = await scratch.mountSession('acme/web');
    const mounted = await MountedFiles.mount(session.workspace);
    const handle = await mounted.write('kept.txt', 'kept\n');
    await scratch.killServer();
    const path = await scratch.mic(['session', 'path', session.sessionId], { exit: 8 });
    assert.equal(path.stdout, '');
    assert.ok(path.stderr.includes(session.workspace.command));
    const again = await mounted.reconnected(session.workspace.port);
    assert.equal(await again.readHandle(handle), 'kept\n');
    await again.write('after.txt', 'after\n');
    const { stdout } = await scratch.mic(['session', 'status', session.sessionId]);
    assert.match(stdout, / {2}A after\.txt\n {2}A kept\.txt/);
    await again.close();
  });

  test('is recorded when its server is told to end', async () => {
    const scratch = await projectScratch('mount term');
    const session = await scratch.mountSession('acme/web');
    const mounted = await MountedFiles.mount(session.workspace);
    await mounted.write('open.txt', 'open\n');
    await mounted.close();
    process.kill(scratch.serverPid()!, 'SIGTERM');
    await scratch.micFs(['stop']);
    assert.equal((await scratch.micFs(['status'], { exit: 6 })).stdout.includes('not running'), true);
    const shown = await scratch.json<{ checkpoints: unknown[]; tree: string; baseTree: string }>([
      'session',
      'show',
      session.sessionId,
    ]);
    assert.equal(shown.checkpoints.length, 1);
    assert.notEqual(shown.tree, shown.baseTree);
  });

  test('is removed with all that it holds, and restored with the same handles', async () => {
    const scratch = await shared;
    const session = await scratch.mountSession('acme/web');
    const mounted = await MountedFiles.mount(session.workspace);
    const handle = await mounted.write('debug.log', 'ignored\n');
    await scratch.mic(['session', 'remove', session.sessionId]);
    await assert.rejects(MountedFiles.mount(session.workspace), /MOUNT answered/);
    await assert.rejects(mounted.readHandle(handle), /answered 70/);
    await scratch.mic(['session', 'restore', session.sessionId], { exit: 8 });
    assert.equal(await mounted.readHandle(handle), 'ignored\n');
    const again = await MountedFiles.mount(session.workspace);
    assert.equal(await again.read('debug.log'), 'ignored\n');
    await mounted.close();
    await again.close();
  });

  test('is deleted by gc when its time is over, and not while it is served', async () => {
    const scratch = await shared;
    const [kept, gone] = [await scratch.mountSession('acme/web'), await scratch.mountSession('acme/web')];
    await scratch.mic(['session', 'remove', gone.sessionId, '--keep-days=0']);
    const list = await scratch.json<{ sessionId: string; removed: { directory: string } }[]>([
      ...['session', 'list', '--project=acme/web', '--removed'],
    ]);
    const { removed } = list.find(({ sessionId }) => sessionId === gone.sessionId)!;
    assert.ok(statSync(removed.directory).isDirectory());
    await scratch.mic(['store', 'gc']);
    assert.ok(!existsSync(removed.directory));
    const mounted = await MountedFiles.mount(kept.workspace);
    assert.equal(await mounted.read('src/b.txt'), 'b\n');
    await mounted.close();
  });

  test('lets nobody in without its secret, and shows nothing', async () => {
    const scratch = await shared;
    const { sessionId, workspace } = await scratch.mountSession('acme/web');
    const other = await scratch.mountSession('acme/web');
    const secret = other.workspace.export.split('/').at(-1)!;
    const wrong = ['', '/', `/${'0'.repeat(26)}`, `/${secret}`].map(
      (end) => `/exports/sessions/${sessionId}${end}`,
    );
    for (const path of [...wrong, '/', '/exports', '/exports/sessions', `/exports/trees/${sessionId}`]) {
      await assert.rejects(
        MountedFiles.mount({ port: workspace.port, export: path }),
        /MOUNT answered/,
        path,
      );
    }
    const status = await scratch.micFs(['status', '--json']);
    assert.ok(!status.stdout.includes(workspace.export.split('/').at(-1)!));
    const home = join(scratch.directory, 'home/.local');
    for (const path of ['state/micelio/mic-fs', 'share/micelio/mounts'])
      assert.equal(statSync(join(home, path)).mode & 0o777, 0o700, path);
    assert.equal(statSync(join(home, 'state/micelio/mic-fs/handle-key')).mode & 0o777, 0o600);
  });
});

describe('mounting', { concurrency: 2 }, () => {
  test('where it works, ends with 0, and the secret that others may have seen is void', async () => {
    const scratch = await projectScratch('mount works');
    scratch.letMount('succeed');
    const session = await scratch.json<MountedSession>(
      ['session', 'start', 'work', '--project=acme/web', '--workspace=mount'],
      {},
    );
    assert.equal(session.workspace.mounted, true);
    const [line] = readFileSync(scratch.mountLog, 'utf8').split('\n');
    const used = /127\.0\.0\.1:(\S+)/.exec(line!)![1]!;
    assert.notEqual(used, session.workspace.export);
    const { port } = session.workspace;
    await assert.rejects(MountedFiles.mount({ port, export: used }), /MOUNT answered/);
    await (await MountedFiles.mount(session.workspace)).close();
  });

  test('needs a place that is empty', async () => {
    const scratch = await shared;
    scratch.files('full', { file: '' });
    const full = [
      'session',
      'start',
      'no room',
      '--project=acme/web',
      '--workspace=mount',
      '--directory=full',
    ];
    const { stderr } = await scratch.mic(full, { exit: 4 });
    assert.match(stderr, /"[^"]*full" is not empty/);
    const list = await scratch.json<{ title: string }[]>(['session', 'list', '--project=acme/web']);
    assert.ok(!list.some(({ title }) => title === 'no room'));
  });

  test('of a tree is for reading, and for whoever knows its hash', async () => {
    const scratch = await shared;
    const served = await scratch.json<{ tree: string; port: number; export: string; command: string }>([
      'project',
      'mount',
      'acme/web',
    ]);
    assert.equal(`/exports/trees/${served.tree.replace('sha256:', '')}`, served.export);
    assert.match(served.command, /,ro 127/);
    const mounted = await MountedFiles.mount(served);
    assert.equal(await mounted.read('src/b.txt'), 'b\n');
    await assert.rejects(mounted.write('new.txt', 'new\n'), /answered 30/);
    await scratch.mic(['project', 'mount', 'acme/web', `--tree=${'0'.repeat(64)}`], { exit: 'any' });
    await mounted.close();
  });
});

describe('the file server', { concurrency: 2 }, () => {
  test('is one, however many commands start it at once', async () => {
    const scratch = await projectScratch('mount many');
    const started = await Promise.all(Array.from({ length: 4 }, () => scratch.mountSession('acme/web')));
    assert.equal(new Set(started.map(({ workspace }) => workspace.port)).size, 1);
    const log = readFileSync(join(scratch.directory, 'home/.local/state/micelio/mic-fs/log'), 'utf8');
    assert.equal(log.match(/ started, /g)?.length, 1);
    const { stdout } = await scratch.micFs(['run']);
    assert.match(stdout, /running already/);
  });

  test('keeps its port, and moves to another only where nothing is served', async () => {
    const scratch = await projectScratch('mount port');
    const before = JSON.parse((await scratch.micFs(['start', '--json'])).stdout) as StatusJson;
    await scratch.micFs(['stop']);
    const after = JSON.parse((await scratch.micFs(['start', '--json'])).stdout) as StatusJson;
    assert.equal(after.port, before.port);
    assert.notEqual(after.pid, before.pid);
    await scratch.mountSession('acme/web');
    await scratch.micFs(['stop']);
    const { createServer } = await import('node:net');
    const intruder = createServer().listen(before.port, '127.0.0.1');
    const { stderr } = await scratch.micFs(['start'], { exit: 6 });
    intruder.close();
    assert.match(stderr, new RegExp(`Port ${before.port} .* is taken by another program`));
  });

  test('works below a path that is too long for a socket', async () => {
    const scratch = await projectScratch('mount long');
    const state = join(scratch.directory, 'long'.repeat(30));
    mkdirSync(state);
    const environment = { XDG_STATE_HOME: state };
    const started = JSON.parse(
      (await scratch.micFs(['start', '--json'], { environment })).stdout,
    ) as StatusJson;
    const status = JSON.parse(
      (await scratch.micFs(['status', '--json'], { environment })).stdout,
    ) as StatusJson;
    assert.equal(status.pid, started.pid);
    await scratch.micFs(['stop'], { environment });
  });

  test('is told of settings that make no sense', async () => {
    const scratch = new MountScratch('mount settings');
    const port = await scratch.micFs(['start'], { exit: 2, environment: { MICELIO_FS_PORT: '99999' } });
    assert.match(port.stderr, /MICELIO_FS_PORT is "99999", which is no port/);
    const host = await scratch.micFs(['start'], { exit: 6, environment: { MICELIO_FS_HOST: '192.0.2.1' } });
    assert.match(host.stderr, /cannot listen on 192\.0\.2\.1/);
  });
});
