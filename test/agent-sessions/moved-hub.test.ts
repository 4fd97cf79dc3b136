import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { HubScratch } from './hub-scratch.ts';

describe('a hub that was moved', () => {
  test('a worktree outside of it finds it again by --hub, typed there, also where it was moved itself', async () => {
    const scratch = await HubScratch.create();
    const place = join(scratch.directory, 'tree');
    await scratch.started('tree', '--workspace=worktree', `--directory=${place}`);
    const [moved, other] = [join(scratch.directory, 'moved'), join(scratch.directory, 'other')];
    await scratch.run('git', ['init', '--quiet', other]);
    renameSync(scratch.hub, moved);
    const lost = await scratch.mic(['session', 'status'], { in: place, exit: 3 });
    assert.match(
      lost.stderr,
      /project\/\.git, which is not there any more\. .*"mic session repair --hub PATH" here\n/,
    );
    const unsaid = await scratch.mic(['session', 'repair'], { in: place, exit: 3 });
    assert.match(unsaid.stderr, /Say it: mic session repair --hub PATH/);
    const wrong = await scratch.mic(['session', 'repair', `--hub=${other}`], { in: place, exit: 4 });
    assert.match(wrong.stderr, /so it is another repository/);
    const none = await scratch.mic(['session', 'repair', '--hub=nowhere'], { in: place, exit: 3 });
    assert.match(none.stderr, /tree\/nowhere" is no git repository/);
    const aside = join(scratch.directory, 'tree aside');
    renameSync(place, aside);
    await scratch.mic(['session', 'repair', '--hub=../moved'], { in: aside });
    await scratch.mic(['session', 'log', 'Found again.'], { in: aside });
    assert.equal((await scratch.git(['status', '--porcelain', '--untracked-files=no'], aside)).stdout, '');
  });

  test('a worktree that was moved along finds it above itself', async () => {
    const scratch = await HubScratch.create();
    const { workspace } = await scratch.started('tree', '--workspace=worktree');
    const moved = join(scratch.directory, 'moved');
    renameSync(scratch.hub, moved);
    const place = workspace.replace(scratch.hub, moved);
    await scratch.mic(['session', 'repair'], { in: place });
    await scratch.mic(['session', 'status'], { in: place });
  });

  test('a clone that knows it only by its setting is told to repair', async () => {
    const scratch = await HubScratch.create();
    const place = join(scratch.directory, 'apart');
    const { slug } = await scratch.started('apart', `--directory=${place}`);
    await scratch.bash(
      `. ./.session-env && echo x >x && git add x && git commit -qm "[${slug}] feat: add x"`,
      {
        in: place,
      },
    );
    const moved = join(scratch.directory, 'moved');
    renameSync(scratch.hub, moved);
    const lost = await scratch.mic(['session', 'status'], { in: place, exit: 3 });
    assert.match(lost.stderr, /"mic session repair --hub PATH" here/);
    await scratch.git(['config', 'micelio.hub', moved], place);
    for (const [command, directory] of [
      ['sync', place],
      ['complete', place],
      ['complete', moved],
    ] as const) {
      const { stderr } = await scratch.mic(['session', command, slug], { in: directory, exit: 4 });
      assert.match(
        stderr,
        /its repository at .*project\/\.git, and it is not there any more.*mic session repair/,
      );
      assert.doesNotMatch(stderr, /allow refs/);
    }
    await scratch.mic(['session', 'repair', `--hub=${moved}`], { in: place });
    await scratch.mic(['session', 'sync'], { in: place });
    await scratch.mic(['session', 'complete'], { in: place });
  });
});
