import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TreePath } from '../../tree/path.ts';
import { ProvisionScene, writeTree } from './fixtures.ts';
import { locateWorkspace, readProjectConf } from './locate-workspace.ts';

const unsaid = { from: undefined, to: undefined };

describe('the main workspace of', () => {
  test('a worktree is that of its repository', async (t) => {
    const scene = new ProvisionScene(t, {});
    const below = join(scene.workspace, 'sub');
    mkdirSync(below);
    const found = await locateWorkspace(scene.git, { directory: below, ...unsaid });
    assert.deepEqual(found, {
      ...{ from: scene.main, to: scene.workspace, slug: 'one', branch: 'session/one' },
      standing: 'made',
    });
  });

  test('a shallow clone is what it was cloned from, and its names are those in .session-env', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': '.session-env\n' });
    const clone = join(scene.main, '.sessions', 'two');
    execFileSync('git', [
      'clone',
      '--quiet',
      '--depth',
      '1',
      '-o',
      'upstream',
      `file://${scene.main}`,
      clone,
    ]);
    writeTree(clone, { '.session-env': 'export SESSION_SLUG="two"\nexport SESSION_BRANCH="session/two"\n' });
    const found = await locateWorkspace(scene.git, { directory: clone, ...unsaid });
    assert.deepEqual(found, {
      ...{ from: scene.main, to: clone, slug: 'two', branch: 'session/two' },
      standing: 'made',
    });
  });

  test('a workspace that is not made yet is the one that it is asked in', async (t) => {
    const scene = new ProvisionScene(t, {});
    for (const from of [undefined, scene.main]) {
      const found = await locateWorkspace(scene.git, { directory: scene.main, to: undefined, from });
      assert.equal(found.from, scene.main);
      assert.equal(found.standing, 'unmade');
      assert.ok(!existsSync(found.to));
    }
  });

  test('the main workspace is not known where it is said to be the workspace, nor that of a plain directory', async (t) => {
    const scene = new ProvisionScene(t, {});
    await assert.rejects(
      locateWorkspace(scene.git, { directory: scene.root, from: undefined, to: scene.main }),
      /--from DIRECTORY/,
    );
    writeTree(scene.main, { '.session-env': 'export SESSION_SLUG="lost"\n' });
    await assert.rejects(
      locateWorkspace(scene.git, { directory: scene.main, ...unsaid }),
      /--from DIRECTORY/,
    );
    await assert.rejects(locateWorkspace(scene.git, { directory: scene.root, ...unsaid }), /--to DIRECTORY/);
  });
});

test('the configuration of one session stands behind that of the project', (t) => {
  const scene = new ProvisionScene(t, {
    'own/_config/untracked-files.conf': 'copy:a\n',
    'own/_config/untracked-files.one.conf': 'copy:b:a\n',
    'own/_config/secrets.conf': 'A = true\n',
  });
  const folder = 'own/_config' as TreePath;
  const { conf, secrets } = readProjectConf(scene.main, folder, 'one');
  assert.deepEqual(
    conf.map(({ text }) => text),
    ['copy:a\n', 'copy:b:a\n'],
  );
  assert.deepEqual(
    secrets.map(({ text }) => text),
    ['A = true\n'],
  );
  assert.deepEqual(readProjectConf(scene.main, folder, '../two').conf.length, 1);
});
