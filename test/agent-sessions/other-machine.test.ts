import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Scratch, write } from '../mic.ts';

/** A remote that decides, and two people's clones of it. */
async function team() {
  const scratch = new Scratch('other machine');
  const cloud = join(scratch.directory, 'cloud.git');
  const from = await scratch.repository('first', { 'README.md': '# A project\n', '.gitignore': '*.local\n' });
  await scratch.git(['clone', '-q', '--bare', from, cloud], scratch.directory);
  const [ada, bob] = ['ada', 'bob'].map((person) => join(scratch.directory, person)) as [string, string];
  for (const clone of [ada, bob]) await scratch.git(['clone', '-q', cloud, clone], scratch.directory);
  await scratch.mic(['init', '--authority', 'origin'], { in: ada });
  await scratch.git(['pull', '-q'], bob);
  const kept = async (slug: string, at = cloud) =>
    (await scratch.git(['for-each-ref', '--format=%(refname:lstrip=3)', `refs/sessions/${slug}`], at)).stdout
      .trim()
      .split('\n');
  const start = () =>
    scratch.json<{ slug: string; workspace: string }>(['session', 'start', 'A try'], { in: ada });
  return { scratch, cloud, ada, bob, kept, start };
}

const read = (directory: string, path: string) => readFileSync(join(directory, path), 'utf8');

test('what is kept of a session goes to whoever claims it on another machine, and back', async () => {
  const { scratch, cloud, ada, bob, kept, start } = await team();
  const { slug, workspace } = await start();
  write(join(workspace, 'w.txt'), 'ada\n');
  await scratch.commit(workspace, `[${slug}] feat: w`);
  writeFileSync(join(workspace, 'draft.txt'), 'a draft\n');
  writeFileSync(join(workspace, 'notes.local'), 'private\n');
  const released = await scratch.mic(['session', 'release'], { in: workspace });
  assert.equal(released.stderr, '');
  assert.deepEqual(await kept(slug), ['commits', 'uncommitted']);

  const claimed = await scratch.mic(['session', 'claim', slug], { in: bob });
  assert.match(claimed.stderr, /Left on .*\. Only there: 1 file that git does not keep\./);
  const theirs = join(bob, '.sessions', slug);
  assert.deepEqual([read(theirs, 'w.txt'), read(theirs, 'draft.txt')], ['ada\n', 'a draft\n']);
  assert.equal(existsSync(join(theirs, 'notes.local')), false);

  // It is worked upon there, the draft is dropped, and it comes back.
  rmSync(join(theirs, 'draft.txt'));
  write(join(theirs, 'w.txt'), 'bob\n');
  await scratch.commit(theirs, `[${slug}] feat: more of w`);
  await scratch.mic(['session', 'release'], { in: theirs });
  assert.deepEqual(await kept(slug), ['commits']);
  const { stderr } = await scratch.mic(['session', 'claim', slug], { in: ada });
  assert.doesNotMatch(stderr, /Only there|Kept besides/);
  assert.equal(read(workspace, 'w.txt'), 'bob\n');
  assert.equal(existsSync(join(workspace, 'draft.txt')), false, 'it was dropped there');
  assert.equal(read(workspace, 'notes.local'), 'private\n', 'which had stayed here');

  await scratch.mic(['session', 'complete', '--unmet', 'not measured here'], { in: workspace });
  assert.equal((await scratch.git(['show', 'main:w.txt'], cloud)).stdout, 'bob\n');
  const synced = await scratch.mic(['hub', 'sync', '--sessions'], { in: ada });
  assert.match(synced.stdout, new RegExp(`refs/sessions/${slug}/commits`));
  assert.deepEqual(await kept(slug), ['']);
  const { stdout } = await scratch.mic(['session', 'forget', slug], { in: bob });
  assert.match(stdout, /its changes are on main/);
});

test('a remote that does not take the work is said, here and to whoever claims it elsewhere', async () => {
  const { scratch, cloud, ada, bob, start } = await team();
  const { slug, workspace } = await start();
  write(join(workspace, 'w.txt'), 'ada\n');
  await scratch.commit(workspace, `[${slug}] feat: w`);
  const hook = join(cloud, 'hooks', 'update');
  writeFileSync(hook, '#!/bin/sh\ncase "$1" in refs/sessions/*) echo not these; exit 1;; esac\n', {
    mode: 0o755,
  });
  const released = await scratch.mic(['session', 'release'], { in: workspace });
  assert.match(released.stderr, /stays on this machine.*"origin" did not take it.*not these/s);
  const claimed = await scratch.mic(['session', 'claim', slug], { in: bob });
  assert.match(claimed.stderr, /Only there: its commits and what was not committed/);
  const theirs = join(bob, '.sessions', slug);
  assert.equal(existsSync(join(theirs, 'w.txt')), false);
  await scratch.mic(['session', 'complete', '--unmet', 'not here'], { in: theirs });
  // It is completed, and what is kept here is in nothing that landed.
  await scratch.git(['pull', '-q'], ada);
  const { stdout } = await scratch.mic(['session', 'forget', slug], { in: ada });
  assert.match(stdout, /no landing names it/);
  assert.doesNotMatch(stdout, /its changes are on main/);
});

test('what both machines have kept is merged, and a session taken over says where the rest may be', async () => {
  const { scratch, cloud, ada, bob, kept, start } = await team();
  const { slug, workspace } = await start();
  write(join(workspace, 'w.txt'), 'ada\n');
  await scratch.commit(workspace, `[${slug}] feat: w`);
  const taken = await scratch.mic(['session', 'claim', slug, '--take-over', '--now'], { in: bob });
  assert.match(taken.stderr, /Taken over from .* on .*may still be in a workspace on that machine/);
  const theirs = join(bob, '.sessions', slug);
  write(join(theirs, 'other.txt'), 'bob\n');
  await scratch.commit(theirs, `[${slug}] feat: other`);
  await scratch.mic(['session', 'release'], { in: theirs });
  // The late one removes its workspace, and overwrites nothing at the remote.
  await scratch.mic(['session', 'remove', slug], { in: ada });
  const there = () => scratch.git(['show', `refs/sessions/${slug}/commits:other.txt`], cloud);
  assert.equal((await there()).stdout, 'bob\n');
  const claimed = await scratch.mic(['session', 'claim', slug], { in: ada });
  assert.equal(read(workspace, 'other.txt'), 'bob\n');
  assert.match(claimed.stderr, new RegExp(`Kept besides: refs/sessions/${slug}/earlier/1`));
  await scratch.mic(['session', 'release'], { in: workspace });
  assert.deepEqual(await kept(slug), ['commits', 'earlier/1']);
  assert.equal((await scratch.git(['show', `refs/sessions/${slug}/earlier/1:w.txt`], cloud)).stdout, 'ada\n');

  const forgotten = await scratch.mic(['session', 'forget', slug, '--yes'], { in: ada });
  assert.doesNotMatch(forgotten.stdout + forgotten.stderr, /stays/);
  assert.deepEqual(await kept(slug), [''], 'nowhere any more');
});

test('whoever removes the workspace of a session that others have taken over is told how to get at the work', async () => {
  const { scratch, ada, bob, start } = await team();
  const { slug, workspace } = await start();
  write(join(workspace, 'w.txt'), 'ada\n');
  await scratch.commit(workspace, `[${slug}] feat: w`);
  write(join(workspace, 'draft.txt'), 'a draft\n');
  await scratch.mic(['session', 'claim', slug, '--take-over', '--now'], { in: bob });
  const removed = await scratch.mic(['session', 'remove', slug], { in: ada });
  const [, look] =
    /has the session now\. To look at what is kept of it here: (git .*)$/m.exec(removed.stdout) ?? [];
  assert.ok(look, removed.stdout);
  assert.doesNotMatch(removed.stdout, /restore/);
  const restore = await scratch.mic(['session', 'restore', slug], { in: ada, exit: 9 });
  assert.ok(
    restore.stderr.includes(`What is kept of it here: ${look}. If nobody works on it`),
    restore.stderr,
  );
  assert.doesNotMatch(restore.stderr, /still in your workspace/);
  await scratch.run('sh', ['-c', look]);
  const shown = join(scratch.directory, slug);
  assert.deepEqual([read(shown, 'w.txt'), read(shown, 'draft.txt')], ['ada\n', 'a draft\n']);
});
