import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { binDirectory, Scratch, write } from '../mic.ts';
import { describeWherePossible, type Lack } from '../needs.ts';

const isRoot = process.getuid?.() === 0;
/** Whom a directory can be closed to: nobody in particular where this process is root, and otherwise this user. */
const user = isRoot ? 65534 : process.getuid?.();

const runsAs = (): boolean =>
  spawnSync(join(binDirectory, 'mic'), ['--version'], { uid: user!, gid: user! }).status === 0;
const lack: Lack =
  user === undefined
    ? 'this system has no users'
    : isRoot && !runsAs()
      ? 'the checkout cannot be read by other users'
      : undefined;

describeWherePossible('a store that may not be written', lack, () => {
  test('is a clear error for what writes, and none for what reads', async () => {
    const scratch = new Scratch('denied');
    await scratch.project('acme/web', { 'a.txt': 'a\n' });
    const { id, workspace } = await scratch.session('acme/web');
    write(join(workspace, 'b.txt'), 'b\n');
    const home = scratch.files('another home', {});
    chmodSync(scratch.directory, 0o755);
    for (const path of everythingIn(scratch.store)) chmodSync(path, path.includes('.json') ? 0o444 : 0o555);
    chmodSync(scratch.store, 0o555);
    if (isRoot)
      for (const path of [workspace, home, ...everythingIn(workspace)]) chownSync(path, user!, user!);
    const options = { user: user!, environment: { HOME: home } };
    try {
      for (const args of [
        ['session', 'start', 'x', '--project=acme/web'],
        ['project', 'create', 'acme/more'],
        ['session', 'note', 'said', `--session=${id}`],
      ]) {
        const { stdout, stderr } = await scratch.mic(args, { ...options, exit: exitCodes.unavailable.code });
        assert.equal(stdout, '');
        assert.match(
          stderr,
          /^mic: Cannot .* in the store: the operating system does not allow it \(EACCES\)\. Check owner[^\n]*\n$/,
        );
      }
      const landing = await scratch.mic(['land'], {
        ...options,
        in: workspace,
        exit: exitCodes.unavailable.code,
      });
      assert.match(landing.stderr, /^mic: Cannot [^\n]*\(EACCES\)[^\n]*\n$/);
      await scratch.mic(['session', 'list', '--project=acme/web'], options);
      await scratch.mic(['project', 'log', 'acme/web'], options);
      await scratch.requireWhole(options);
    } finally {
      for (const path of everythingIn(scratch.store)) chmodSync(path, 0o755);
      chmodSync(scratch.store, 0o755);
    }
    await scratch.mic(['land'], { in: workspace });
  });
});

function everythingIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((path) => join(directory, path));
}
