import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HubScratch } from '../agent-sessions/hub-scratch.ts';
import { countSteps, killedAt } from './killed-steps.ts';

/** A runner is killed at so many of its steps, spread over all of them. */
const pointCount = 4;

/** Fails on a session at first, leaves files of each kind, and says in `log` when it is not alone, where `flock` can tell. */
function program(log: string): string {
  return `log='${log}'; again="$log-again-$SESSION_SLUG"
exec 9>>"$log-$SESSION_SLUG"; flock -n 9; [ $? -ne 1 ] || echo two at once >>"$log"; sleep 0.1
[ -e .env ] || echo not provisioned >>"$log"
[ -e "$again" ] || { touch "$again"; echo half >half-$SESSION_SLUG; echo note >my.log; exit 1; }
echo whole >whole-$SESSION_SLUG`;
}

function names(directory: string, pattern: RegExp): string[] {
  return existsSync(directory) ? readdirSync(directory).filter((name) => pattern.test(name)) : [];
}

for (const workspace of ['clone', 'worktree'])
  test(`whichever step a runner with a ${workspace} is killed at, the next one completes its session, once`, async (t) => {
    const scratch = await HubScratch.create({
      '_AGENTS/sessions/_config/untracked-files.conf': 'copy:.env\n',
      '.gitignore': '.env\n*.log\n',
    });
    writeFileSync(join(scratch.hub, '.env'), 'A=1\n');
    const log = join(scratch.directory, 'log');
    writeFileSync(log, '');
    const run = [
      ...['agent', 'run', `--exec=${program(log)}`, `--workspace=${workspace}`, '--unmet=it is a test'],
      ...['--until-empty', '--interval=1', '--retry-after=0', '--attempts=9', '--grace=0'],
    ];
    const own = join(scratch.hub, '.git/micelio');
    const subjects = (slug: string) =>
      scratch.says('log', '--format=%s', '--fixed-strings', `--grep=[${slug}] session: complete`);
    await scratch.planned('whole');
    const steps = await countSteps(scratch, run);
    for (let point = 0; point < pointCount; point++) {
      const at = 1 + Math.floor(((point + 0.5) * steps) / pointCount);
      await t.test(`${at} of ${steps}`, async () => {
        const slug = await scratch.planned(`killed at ${at}`);
        await killedAt(scratch, run, at);
        const { stdout } = await scratch.mic(run, { in: scratch.hub });
        assert.equal(await scratch.stateOf(slug), 'completed', stdout);
        assert.equal((await subjects(slug)).split('\n').length, 1);
        for (const part of ['half', 'whole'])
          assert.equal(await scratch.says('show', `main:${part}-${slug}`), part);
        assert.equal(readFileSync(log, 'utf8'), '');
        assert.equal(await scratch.says('for-each-ref', 'refs/claims'), '');
        assert.deepEqual(names(join(own, 'agents'), /\.json$/), []);
        assert.deepEqual(names(join(own, 'held'), /./), []);
        for (const place of ['.sessions', '.worktrees'])
          assert.deepEqual(names(join(scratch.hub, place), /./), []);
      });
    }
  });
