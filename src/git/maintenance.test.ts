import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startMaintenance } from './maintenance.ts';
import { file, ScratchRepository } from './scratch-repository.ts';

/** A repository with three packs, of which git wants one at most. */
function crowded(t: TestContext): ScratchRepository {
  const repository = ScratchRepository.create(t);
  for (const content of ['1', '2', '3']) {
    repository.commit(new Map([['a', file(content)]]));
    repository.git(['repack', '-q']);
  }
  repository.git(['config', 'gc.autoPackLimit', '1']);
  return repository;
}

const packs = ({ directory }: ScratchRepository) =>
  readdirSync(join(directory, 'objects/pack')).filter((name) => name.endsWith('.pack')).length;

test('git tidies up in the background where it wants to', async (t) => {
  const repository = crowded(t);
  assert.equal(packs(repository), 3);
  assert.equal(await startMaintenance(await repository.open()), 'started');
  while (packs(repository) > 1) await sleep(20);
  repository.git(['fsck', '--strict']);
});

test('git does not where the user wants none', async (t) => {
  const repository = crowded(t);
  repository.git(['config', 'maintenance.auto', 'no']);
  assert.equal(await startMaintenance(await repository.open()), 'off');
  repository.git(['config', '--unset', 'maintenance.auto']);
  repository.git(['config', 'gc.auto', '0']);
  // Started, and git itself sees that there is nothing to do.
  repository.git(['maintenance', 'run', '--auto', '--quiet']);
  assert.equal(packs(repository), 3);
});
