import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { write } from '../mic.ts';
import { agentNamed, HubScratch } from './hub-scratch.ts';

const read = (path: string) => readFileSync(path, 'utf8');

describe('work is never lost', () => {
  for (const kind of ['clone', 'worktree']) {
    test(`a ${kind} that is removed comes back with all that it had; so does an abandoned session`, async () => {
      const scratch = await HubScratch.create();
      const { slug, workspace } = await scratch.started('work', `--workspace=${kind}`);
      await scratch.bash(
        `echo c > c && git add c && git commit -qm "[${slug}] feat: c" && echo changed > README.md && echo new > 'un tracked'`,
        { in: workspace },
      );
      const removed = await scratch.mic(['session', 'remove'], { in: workspace });
      assert.match(removed.stdout, /brings it back/);
      assert.ok(!existsSync(workspace));
      const list = await scratch.json<{ slug: string }[]>(['session', 'list', '--removed'], {
        in: scratch.hub,
      });
      assert.deepEqual(
        list.map((session) => session.slug),
        [slug],
      );
      const restore = ['session', 'restore', 'work', `--workspace=${kind}`];
      await scratch.mic(restore, { in: scratch.hub });
      const whole = () => {
        assert.equal(read(join(workspace, 'c')), 'c\n');
        assert.equal(read(join(workspace, 'README.md')), 'changed\n');
        assert.equal(read(join(workspace, 'un tracked')), 'new\n');
      };
      whole();
      await scratch.mic(['session', 'abandon', '--why=not now'], { in: workspace });
      await scratch.mic(['session', 'remove', slug], { in: scratch.hub });
      assert.equal(await scratch.stateOf(slug), 'abandoned');
      await scratch.mic(restore, { in: scratch.hub });
      assert.equal(await scratch.stateOf(slug), 'active');
      whole();
      const patch = await scratch.mic(['session', 'diff'], { in: workspace });
      assert.match(patch.stdout, /^\+changed$/m);
      assert.match(patch.stdout, /^\+new$/m);
    });
  }

  test('an agent that is gone is taken over with its work, and lands no more when it comes back', async () => {
    const scratch = await HubScratch.create();
    const { slug, workspace } = await scratch.started('work');
    const late = {
      SESSION_SLUG: slug,
      SESSION_CLAIM: /SESSION_CLAIM='(\w+)'/.exec(read(join(workspace, '.session-env')))![1],
    };
    await scratch.bash(`echo c > c && git add c && git commit -qm "[${slug}] feat: c"`, { in: workspace });
    const bob = { in: scratch.hub, environment: agentNamed('bob') };
    await scratch.mic(['session', 'claim', slug], { ...bob, exit: 9 });
    await scratch.mic(['session', 'claim', slug, '--take-over'], { ...bob, exit: 9 });
    // Another machine does not have what this one remembers.
    const other = join(scratch.directory, 'held elsewhere');
    renameSync(join(scratch.hub, '.git/micelio/held'), other);
    await scratch.mic(['session', 'claim', slug], { ...bob, exit: 9 });
    await scratch.mic(['session', 'claim', slug, '--take-over'], { ...bob, exit: 9 });
    await scratch.mic(['session', 'claim', slug, '--take-over', '--now'], bob);
    assert.equal(read(join(workspace, 'c')), 'c\n');
    assert.match(read(join(workspace, '.session-env')), /GIT_AUTHOR_NAME='bob'/);
    for (const command of ['complete', 'renew', 'land']) {
      const refused = await scratch.mic(['session', command, slug], {
        in: workspace,
        environment: late,
        exit: 9,
      });
      assert.match(refused.stderr, /is not yours/);
    }
    await scratch.mic(['session', 'complete', slug], bob);
    assert.equal(await scratch.says('log', '-1', '--skip=1', '--format=%an', 'main'), 'bob');
  });

  test('a hub that was moved is repaired, from inside and from a workspace', async () => {
    const scratch = await HubScratch.create({
      '_AGENTS/sessions/_config/untracked-files.conf': 'symlink:vendor\n',
      '.gitignore': 'vendor\n',
    });
    write(join(scratch.hub, 'vendor/library'), 'code\n');
    const clone = await scratch.started('clone');
    const tree = await scratch.started('tree', '--workspace=worktree');
    const apart = await scratch.started('apart', `--directory=${join(scratch.directory, 'apart')}`);
    const moved = join(scratch.directory, 'moved here');
    renameSync(scratch.hub, moved);
    await scratch.mic(['session', 'status'], { in: apart.workspace, exit: 3 });
    await scratch.mic(['session', 'repair'], { in: apart.workspace, exit: 3 });
    await scratch.mic(['session', 'repair', `--hub=${moved}`], { in: apart.workspace });
    const repaired = await scratch.json<{ workspaces: { slug: string; was: string }[] }>(
      ['session', 'repair'],
      {
        in: moved,
      },
    );
    assert.deepEqual(repaired.workspaces.map(({ slug, was }) => [slug, was]).sort(), [
      [apart.slug, 'right'],
      [clone.slug, 'repaired'],
      [tree.slug, 'repaired'],
    ]);
    for (const { slug, workspace } of [clone, tree, apart]) {
      const place = workspace.replace(scratch.hub, moved);
      assert.equal(read(join(place, 'vendor/library')), 'code\n');
      await scratch.bash(
        `. ./.session-env && echo ${slug} > ${slug} && git add ${slug} && git commit -qm "[${slug}] feat: add"`,
        {
          in: place,
        },
      );
      await scratch.mic(['session', 'complete'], { in: place });
      assert.equal(read(join(moved, slug)), `${slug}\n`);
    }
    const again = await scratch.json<{ workspaces: unknown[] }>(['session', 'repair'], { in: moved });
    assert.deepEqual(again.workspaces, []);
  });
});
