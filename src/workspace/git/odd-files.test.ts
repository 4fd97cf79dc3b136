import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { file, ScratchRepository } from '../../git/scratch-repository.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import { diskPath } from '../disk-path.ts';
import { bringBackWork } from './bring-back-work.ts';
import { workspaceOf } from './fixtures.ts';
import { removeGitWorkspace } from './remove-git-workspace.ts';
import { dropBroughtBack } from './set-aside.ts';

const slug = parseSlug('2026-11-21-odd');
/** Names as byte strings. */
const names = ['new\nline', '-rf', '--', '\xff\xfe not text', ':(top)x', '*?[a]', '\\', ' ', 'n'.repeat(250)];

for (const kind of ['clone', 'worktree'] as const) {
  test(`of a ${kind}: files of any name come back, ignored or not; what has no content is named`, async (t) => {
    const hub = ScratchRepository.create(t);
    hub.commit(new Map([['.gitignore', file('/data/\n')]]));
    const workspace = await workspaceOf(t, hub, slug, kind);
    const { directory } = workspace;
    for (const folder of ['data', 'open']) {
      mkdirSync(join(directory, folder));
      for (const name of names) writeFileSync(diskPath(directory, `${folder}/${name}`), name);
      symlinkSync('no such thing', join(directory, folder, 'dangling'));
      mkdirSync(join(directory, folder, 'empty/below'), { recursive: true });
      execFileSync('mkfifo', [join(directory, folder, 'fifo')]);
    }
    const server = createServer().listen(join(directory, 'data/socket'));
    t.after(() => server.close());
    await new Promise((resolve) => server.once('listening', resolve));

    const { gone } = await removeGitWorkspace(workspace, await hub.open(), { ignored: 'keep' });
    assert.deepEqual(
      gone.map(({ path, reason }) => [path, reason]),
      ['data/fifo', 'data/socket', 'open/fifo'].map((path) => [path, 'special']),
    );
    const again = await workspaceOf(t, hub, slug, kind);
    dropBroughtBack(await bringBackWork(again, await hub.open()));
    for (const folder of ['data', 'open']) {
      for (const name of names)
        assert.equal(
          readFileSync(diskPath(again.directory, `${folder}/${name}`), 'utf8'),
          Buffer.from(name).toString('utf8'),
        );
      assert.equal(readlinkSync(join(again.directory, folder, 'dangling')), 'no such thing');
      assert.ok(lstatSync(join(again.directory, folder, 'empty/below')).isDirectory());
      const found = readdirSync(join(again.directory, folder), { encoding: 'latin1' });
      assert.deepEqual(found.sort(), [...names, 'dangling', 'empty'].sort());
    }
  });
}
