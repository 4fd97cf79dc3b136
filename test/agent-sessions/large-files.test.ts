import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { write } from '../mic.ts';
import { describeWherePossible } from '../needs.ts';
import { HubScratch } from './hub-scratch.ts';

const lack =
  spawnSync('git', ['lfs', 'version']).status === 0
    ? undefined
    : 'git-lfs is not installed (Debian: git-lfs)';
const attributes = '*.bin filter=lfs diff=lfs merge=lfs -text\n';
const pointer = /^version https:\/\/git-lfs\.github\.com\/spec\/v1\noid sha256:[0-9a-f]{64}\nsize \d+/;

describeWherePossible('files of git LFS', lack, () => {
  for (const kind of ['clone', 'worktree']) {
    test(`are there in a ${kind}; what lands is a pointer, and the hub has what it stands for`, async () => {
      const scratch = await HubScratch.create({ '.gitignore': '.sessions/\n.worktrees/\n' });
      await scratch.git(['lfs', 'install', '--local'], scratch.hub);
      write(join(scratch.hub, '.gitattributes'), attributes);
      write(join(scratch.hub, 'a.bin'), 'large\n'.repeat(1000));
      await scratch.commit(scratch.hub, 'Large');
      const { slug, workspace } = await scratch.started('work', `--workspace=${kind}`);
      assert.equal(readFileSync(join(workspace, 'a.bin'), 'utf8'), 'large\n'.repeat(1000));
      write(join(workspace, 'a.bin'), 'larger\n'.repeat(1000));
      write(join(workspace, 'b.bin'), 'new\n'.repeat(1000));
      await scratch.git(['add', '--all'], workspace);
      await scratch.git(['commit', '-qm', `[${slug}] feat: larger`], workspace);
      await scratch.mic(['session', 'complete', slug], { in: scratch.hub });
      assert.match(await scratch.says('show', 'main:a.bin'), pointer);
      assert.match(await scratch.says('show', 'main:b.bin'), pointer);
      assert.equal(scratch.read('a.bin'), 'larger\n'.repeat(1000));
      assert.equal(scratch.read('b.bin'), 'new\n'.repeat(1000));
      assert.match(await scratch.says('lfs', 'fsck'), /OK/);
    });
  }

  test('where git-lfs is missing, the workspace has pointers, and that is said', async () => {
    const scratch = await HubScratch.create({ '.gitattributes': attributes, 'a.bin': 'as it is\n' });
    // A path with git and without git-lfs.
    const programs = join(scratch.directory, 'programs');
    mkdirSync(programs);
    for (const name of ['git', 'sh', 'env', 'uname'])
      symlinkSync((await scratch.type(`command -v ${name}`)).trim(), join(programs, name));
    const bin = scratch.environment.PATH!.split(':')[0]!;
    const { stderr } = await scratch.mic(['session', 'start', 'work'], {
      in: scratch.hub,
      environment: { PATH: [bin, dirname(process.execPath), programs].join(':') },
    });
    assert.match(stderr, /Large files are pointers: git-lfs is not installed/);
  });
});
