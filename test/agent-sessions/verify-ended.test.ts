import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubScratch } from './hub-scratch.ts';

/** A session that is committed, in a project whose check writes `started` and goes on for ever where there is a `hang`. */
async function hanging() {
  const scratch = await HubScratch.create();
  const at = (name: string) => join(scratch.directory, name);
  const verify = `echo $$ > '${at('started')}'; while test -e '${at('hang')}'; do sleep 0.05; done; touch '${at('ended')}'`;
  writeFileSync(join(scratch.hub, '_AGENTS/sessions/_config/settings.json'), JSON.stringify({ verify }));
  await scratch.bash('git commit -qam settings');
  const { slug, workspace } = await scratch.started('mine');
  await scratch.bash(`echo x > x && git add x && git commit -qm "[${slug}] feat: add x"`, { in: workspace });
  mkdirSync(at('temporary'));
  const environment = { TMPDIR: at('temporary') };
  /** Completes it, and ends the process by `signal` during the check. */
  const interrupted = async (signal: NodeJS.Signals) => {
    writeFileSync(at('hang'), '');
    return scratch.mic(['session', 'complete', slug, '--unmet=no'], {
      ...{ in: scratch.hub, environment, exit: 'any' },
      onStart: (child) =>
        void (async () => {
          while (!existsSync(at('started'))) await sleep(10);
          child.kill(signal);
        })(),
    });
  };
  const left = async () => [
    (await scratch.says('worktree', 'list')).split('\n').length - 1,
    readdirSync(at('temporary')).filter((name) => name.startsWith('micelio-verify-')).length,
  ];
  return { scratch, slug, at, environment, interrupted, left };
}

describe('a completion that ends during the check of the project', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`leaves nothing behind when it gets ${signal}, and its check is ended`, async () => {
      const { scratch, slug, at, interrupted, left } = await hanging();
      const { code } = await interrupted(signal);
      assert.notEqual(code, 0);
      assert.deepEqual(await left(), [0, 0]);
      assert.equal(await scratch.stateOf(slug), 'active');
      assert.equal(existsSync(at('ended')), false);
      const { stdout } = await scratch.run('sh', ['-c', `kill -0 "$(cat '${at('started')}')" || echo gone`]);
      assert.equal(stdout, 'gone\n');
    });
  }

  test('leaves to the next one what it cannot tidy up when it is killed', async () => {
    const { scratch, slug, at, environment, interrupted, left } = await hanging();
    await interrupted('SIGKILL');
    assert.deepEqual(await left(), [1, 1]);
    await scratch.bash(`rm '${at('hang')}'`);
    await scratch.mic(['session', 'complete', slug, '--unmet=no'], { in: scratch.hub, environment });
    assert.deepEqual(await left(), [0, 0]);
  });
});
