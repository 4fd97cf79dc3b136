import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Git } from '../../git/git-process.ts';
import {
  ScratchRepository,
  scratchEnvironment,
  scratchGit,
  temporaryDirectory,
} from '../../git/scratch-repository.ts';
import { projectFiles } from './fixtures.ts';
import { openHub } from './hub.ts';

test('in a clone, main is what its origin calls so, whatever branch is checked out there', async (t) => {
  const { clone, directory } = clonedProject(t);
  clone(['switch', '-q', '-c', 'feature']);
  assert.equal((await openHub(scratchGit, directory)).main, 'refs/heads/main');
  clone(['switch', '-q', '--detach']);
  assert.equal((await openHub(scratchGit, directory)).main, 'refs/heads/main');
  clone(['config', 'micelio.main', 'feature']);
  assert.equal((await openHub(scratchGit, directory)).main, 'refs/heads/feature');
});

test('without a branch that origin calls main, it is the one that is checked out', async (t) => {
  const { clone, directory } = clonedProject(t);
  clone(['switch', '-q', '-c', 'feature']);
  clone(['update-ref', '-d', 'refs/remotes/origin/main']);
  assert.equal((await openHub(scratchGit, directory)).main, 'refs/heads/feature');
  clone(['remote', 'remove', 'origin']);
  assert.equal((await openHub(scratchGit, directory)).main, 'refs/heads/feature');
  clone(['switch', '-q', '--detach']);
  await assert.rejects(openHub(scratchGit, directory), { code: 'ledger/no-main' });
});

test('of a repository that git refuses to use it says what git says', async (t) => {
  const { directory } = clonedProject(t);
  // Stands for another owner, which only root could make.
  const git = new Git({ ...scratchEnvironment, GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' });
  await assert.rejects(openHub(git, directory), { code: 'ledger/no-hub', message: /safe\.directory/ });
  const nowhere = openHub(scratchGit, temporaryDirectory(t));
  await assert.rejects(nowhere, { code: 'ledger/no-hub', message: /session of one\.$/ });
});

function clonedProject(t: TestContext) {
  const origin = ScratchRepository.create(t);
  origin.commit(projectFiles([]));
  const directory = join(temporaryDirectory(t), 'clone');
  origin.git(['clone', '-q', origin.directory, directory]);
  return { directory, clone: (args: readonly string[]) => origin.git(['-C', directory, ...args]) };
}

test('the main workspace is where its people work; a bare hub has its sessions in itself', async (t) => {
  const { directory, clone } = clonedProject(t);
  assert.equal((await openHub(scratchGit, join(directory, 'src'))).mainDirectory, directory);
  clone(['worktree', 'add', '-q', '--detach', '../linked']);
  assert.equal((await openHub(scratchGit, join(directory, '../linked'))).mainDirectory, directory);
  clone(['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', directory, 'part']);
  const part = join(directory, 'part');
  assert.equal((await openHub(scratchGit, part)).mainDirectory, part);
  const bare = ScratchRepository.create(t);
  assert.equal((await openHub(scratchGit, bare.directory)).mainDirectory, bare.directory);
});
