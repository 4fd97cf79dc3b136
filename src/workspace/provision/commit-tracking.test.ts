import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { parseObjectId } from '../../git/object-id.ts';
import { checkProvisioning } from './check.ts';
import { ProvisionScene, writeTree } from './fixtures.ts';
import { unmadeDirectory } from './locate-workspace.ts';
import type { PlanRequest } from './provision-request.ts';
import { planProvisioning } from './provisioning.ts';

const tracked = {
  '.gitignore': '.env\ncache/\n/sub/*\n!/sub/.gitignore\n!/sub/keep\n',
  'sub/.gitignore': '!open\n',
  'sub/keep': 'tracked',
};

/** A workspace that would be made from what main has committed. */
function unmade(t: TestContext, conf: string, kind: 'clone' | 'worktree' = 'clone') {
  const scene = new ProvisionScene(t, tracked);
  writeTree(scene.main, { '.env': 'A=1\n', 'sub/a': 'a', 'sub/open': 'o', 'cache/x': 'x', own: 'own' });
  const commit = parseObjectId(scene.run('rev-parse', 'main').trim());
  const to = unmadeDirectory(scene.main, 'new');
  const request: PlanRequest = { ...scene.request(conf), to, unmade: { commit, kind } };
  return { scene, request };
}

describe('a workspace that is not made yet', () => {
  test('would get what the commit that it is made from ignores', async (t) => {
    const { scene, request } = unmade(t, 'copy:.env\ncopy:sub/a\ncopy:cache\nsymlink:.env:cache/env\n');
    // What the checkout has changed and nobody has committed does not count.
    rmSync(join(scene.main, '.gitignore'));
    const { steps } = await planProvisioning(request);
    assert.deepEqual(
      steps.map(({ state, path }) => `${state} ${path}`),
      ['create .env', 'create cache/env', 'create cache/x', 'create sub/a'],
    );
    assert.deepEqual((await checkProvisioning(request)).findings, []);
  });

  test('is refused what the commit would record, whatever the checkout ignores', async (t) => {
    const { scene, request } = unmade(t, 'copy:own\ncopy:sub/open\nsymlink:cache:linked\n');
    writeFileSync(join(scene.main, '.gitignore'), '*\n');
    await assert.rejects(planProvisioning(request), (error: Error) => {
      assert.match(error.message, /"own".* on main and commit it: \/own\n/s);
      assert.match(error.message, /"sub\/open"/);
      return true;
    });
    await assert.rejects(
      planProvisioning(unmade(t, 'symlink:cache\n').request),
      /about directories only, and this is a symlink\. .* commit it: \/cache$/,
    );
  });

  test('has what the commit tracks from there', async (t) => {
    await assert.rejects(
      planProvisioning(unmade(t, 'copy:own:sub/keep\n').request),
      /git tracks "sub\/keep"/,
    );
  });

  test("is a worktree that the repository's own list holds for, or a clone that it does not hold for", async (t) => {
    for (const kind of ['worktree', 'clone'] as const) {
      const { scene, request } = unmade(t, 'copy:own\n', kind);
      writeFileSync(join(scene.main, '.git/info/exclude'), 'own\n');
      if (kind === 'worktree') assert.equal((await planProvisioning(request)).steps.length, 1);
      else await assert.rejects(planProvisioning(request), /"own"/);
      scene.run('config', 'core.excludesFile', join(scene.root, 'excludes'));
      writeFileSync(join(scene.root, 'excludes'), 'own\n');
      writeFileSync(join(scene.main, '.git/info/exclude'), '');
      assert.equal((await planProvisioning(request)).steps.length, 1);
    }
  });
});
