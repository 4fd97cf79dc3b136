import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { HubScratch } from '../agent-sessions/hub-scratch.ts';
import { write } from '../mic.ts';
import { describeWherePossible, type Lack } from '../needs.ts';
import { countSteps, killedAt } from './killed-steps.ts';

/** A directory in memory, which every Linux has. */
const elsewhere = '/dev/shm';
const lack: Lack =
  existsSync(elsewhere) && statSync(elsewhere).dev !== statSync(tmpdir()).dev
    ? undefined
    : `${elsewhere} is no file system of its own`;

describeWherePossible('a workspace on another disk than its hub', lack, () => {
  const folder = lack === undefined ? mkdtempSync(join(elsewhere, 'micelio-')) : '';
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const kind of ['clone', 'worktree']) {
    test(`of a ${kind}: ignored files and repositories are copied, and a kill on the way loses none`, async () => {
      const scratch = await HubScratch.create({ '.gitignore': '*.local\n/data/\n.sessions/\n.worktrees/\n' });
      let steps = 0;
      for (let round = 0; round < 4; round++) {
        const elsewhere = join(folder, `${kind}-${round}`);
        const started = await scratch.started(`${round}`, `--workspace=${kind}`, `--directory=${elsewhere}`);
        const { slug, workspace } = started;
        fill(workspace);
        const remove = ['session', 'remove', slug];
        if (round === 0) {
          steps = await countSteps(scratch, remove);
        } else {
          // What concerns files comes last.
          await killedAt(scratch, remove, steps + 1 - 9 * round);
          if (existsSync(workspace)) {
            requireWhole(workspace);
            await scratch.mic(remove, { in: scratch.hub });
          }
        }
        assert.ok(!existsSync(workspace));
        await scratch.mic(['session', 'restore', slug, `--workspace=${kind}`], { in: scratch.hub });
        const { path } = await scratch.json<{ path: string }>(['session', 'path', slug], { in: scratch.hub });
        requireWhole(path);
        assert.deepEqual(readdirSync(join(scratch.hub, '.git/micelio/aside', slug)), []);
      }
    });
  }
});

function fill(workspace: string): void {
  write(join(workspace, 'data/app.db'), 'rows');
  write(join(workspace, 'my.local'), 'mine');
  symlinkSync('nowhere', join(workspace, 'data/link'));
  mkdirSync(join(workspace, 'data/empty'), { mode: 0o700 });
  execFileSync('git', ['init', '-q', 'inner'], { cwd: workspace });
  write(join(workspace, 'inner/x'), 'x');
}

function requireWhole(workspace: string): void {
  assert.equal(readFileSync(join(workspace, 'data/app.db'), 'utf8'), 'rows');
  assert.equal(readFileSync(join(workspace, 'my.local'), 'utf8'), 'mine');
  assert.equal(readlinkSync(join(workspace, 'data/link')), 'nowhere');
  assert.equal(lstatSync(join(workspace, 'data/empty')).mode & 0o777, 0o700);
  assert.equal(git(join(workspace, 'inner'), 'status', '--porcelain'), '?? x');
}

function git(directory: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: directory, encoding: 'utf8' }).trim();
}
