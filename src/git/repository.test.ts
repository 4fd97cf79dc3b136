import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRepository, openWorkingTree } from './repository.ts';
import { ScratchRepository, scratchGit } from './scratch-repository.ts';

test('a working tree is found from inside of it, whatever its name', async (t) => {
  for (const within of ['plain', 'two\nlines']) {
    const { directory } = ScratchRepository.create(t, { bare: false, within });
    const below = join(directory, 'a', 'b');
    mkdirSync(below, { recursive: true });
    const found = await openWorkingTree(scratchGit, below);
    assert.equal(found?.top, directory);
    assert.deepEqual(found?.repository, await openRepository(scratchGit, directory));
  }
});

test('a bare repository and a plain directory are no working tree', async (t) => {
  const bare = ScratchRepository.create(t, { within: 'bare' });
  assert.equal(await openWorkingTree(scratchGit, bare.directory), undefined);
  assert.equal(await openWorkingTree(scratchGit, join(bare.directory, 'nowhere')), undefined);
});
