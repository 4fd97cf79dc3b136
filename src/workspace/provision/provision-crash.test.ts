import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { temporaryDirectory } from '../fixtures.ts';
import { contentsOf, ProvisionScene, writeTree } from './fixtures.ts';
import { applyProvisioning, cleanUpProvisioning } from './provisioning.ts';

const count = 400;
const conf = 'copy:local\ntemplate:env.j2:local/env\ntemplate:s.j2:a-secret\n';
const secretsConf = 'S = echo value\n';

function sceneOf(t: Parameters<typeof temporaryDirectory>[0]): ProvisionScene {
  const scene = new ProvisionScene(t, {
    '.gitignore': '/local/\n/a-secret\n',
    'env.j2': '{{ slug }}\n',
    's.j2': '{{ secret.S }}\n',
  });
  const files = Array.from({ length: count }, (_, i) => [`local/d${i % 7}/f${i}`, `${i}\n`.repeat(50)]);
  writeTree(scene.main, Object.fromEntries(files));
  return scene;
}

/** Starts a process that provisions, and kills it when `isTime`. */
async function killed(scene: ProvisionScene, state: string, isTime: () => boolean): Promise<void> {
  const args = [scene.main, scene.workspace, state, conf, secretsConf];
  const child = fork(join(import.meta.dirname, 'provision-workload.ts'), args);
  const ended = once(child, 'exit');
  while (child.exitCode === null && !isTime()) await setImmediate();
  child.kill('SIGKILL');
  await ended;
}

function filesIn(directory: string): number {
  return existsSync(directory) ? readdirSync(directory, { recursive: true }).length : 0;
}

describe('a run that is killed', () => {
  for (const part of [1, 120, 390]) {
    test(`after ${part} files is carried on by the next, and nothing is left of either`, async (t) => {
      const scene = sceneOf(t);
      const before = contentsOf(scene.workspace);
      const local = join(scene.workspace, 'local');
      await killed(scene, temporaryDirectory(t), () => filesIn(local) >= part);
      const request = scene.request(conf, { secretsConf });
      const { steps } = await applyProvisioning(request);
      assert.deepEqual(
        steps.filter(({ state }) => state === 'kept'),
        [],
      );
      const { local: _, ...expected } = contentsOf(scene.main);
      const made = contentsOf(scene.workspace);
      for (const path of Object.keys(expected).filter((path) => path.startsWith('local/'))) {
        assert.equal(made[path], expected[path], path);
      }
      assert.equal(made['local/env'], 'one\n');
      assert.equal(made['a-secret'], 'value\n');
      await cleanUpProvisioning(request);
      assert.deepEqual(contentsOf(scene.workspace), before);
    });
  }

  test('is cleaned up without another run, but for what somebody has written since and secrets', async (t) => {
    const scene = sceneOf(t);
    const local = join(scene.workspace, 'local');
    await killed(scene, temporaryDirectory(t), () => filesIn(local) >= 200);
    writeFileSync(join(local, 'd0/mine'), 'mine');
    const { kept } = await cleanUpProvisioning(scene.request(''));
    const files = Object.entries(contentsOf(scene.workspace)).filter(([, text]) => text !== '/');
    const left = files.map(([path]) => path).filter((path) => path.startsWith('local/'));
    // At most the file that was being written is not what it should be.
    assert.ok(left.includes('local/d0/mine') && left.length <= 2, left.join(' '));
    assert.ok(kept.every((path) => path === 'a-secret' || left.includes(path)));
  });
});
