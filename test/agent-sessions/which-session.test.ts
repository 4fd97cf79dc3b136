import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { agentNamed, HubScratch } from './hub-scratch.ts';

const notFound = { exit: exitCodes.notFound.code };

describe('which session is meant', () => {
  test('outside of a workspace only where there is one and it is the agent’s own; a list tells them apart', async () => {
    const scratch = await HubScratch.create();
    const inHub = { in: scratch.hub };
    const mine = await scratch.started('Faster start');
    const { stdout } = await scratch.mic(['session', 'path'], inHub);
    assert.equal(stdout, `${mine.workspace}\n`);
    // Somebody else at the same hub.
    const environment = agentNamed('bob');
    const refused = await scratch.mic(['session', 'complete'], { ...inHub, environment, ...notFound });
    assert.match(refused.stderr, new RegExp(`${mine.slug} {2}ada {2}${mine.workspace}`));

    const again = await scratch.started('Faster start');
    assert.notEqual(again.slug, mine.slug);
    for (const command of ['complete', 'path', 'status', 'abandon']) {
      const words = command === 'abandon' ? ['abandon', '--why=x'] : [command];
      const { stderr } = await scratch.mic(['session', ...words], { ...inHub, ...notFound });
      for (const { slug, workspace } of [mine, again])
        assert.ok(stderr.includes(`${slug}  ada  ${workspace}\n`));
    }
    // The words after the date are those of one, though the other one's begin alike.
    const { slug } = await scratch.json<{ slug: string }>(['session', 'show', 'faster-start'], inHub);
    assert.equal(slug, mine.slug);
    await scratch.started('Even faster start');
    await scratch.mic(['session', 'path', 'faster-start'], inHub);
    const either = await scratch.mic(['session', 'path', 'start'], { ...inHub, exit: exitCodes.usage.code });
    assert.match(either.stderr, /-even-faster-start {2}active {2}ada\n.*-faster-start {2}active {2}ada/s);
  });

  test('a shell goes to what it starts or claims, however many there are', async () => {
    const scratch = await HubScratch.create();
    await scratch.started('One');
    const planned = await scratch.planned('Two');
    const { stdout } = await scratch.bash(
      'cd "$(mic session claim --any --print-path)" && . ./.session-env && pwd && echo "$SESSION_SLUG"\n' +
        'cd ../.. && cd "$(mic session start Three --print-path --workspace=worktree)" && pwd',
    );
    const [claimed, slug, started] = stdout.split('\n');
    assert.deepEqual([claimed, slug], [join(scratch.hub, '.sessions', planned), planned]);
    assert.match(started!, /\.worktrees\/.*-three$/);
    await scratch.mic(['session', 'start', 'x', '--print-path', '--workspace=none'], {
      in: scratch.hub,
      exit: exitCodes.usage.code,
    });
  });
});

describe('what lands or ends a session', () => {
  const ending: readonly (readonly string[])[] = [
    ['land'],
    ['complete', '--unmet=no'],
    ['abandon', '--why=x'],
    ['release'],
    ['remove'],
  ];

  test('is done to one that is said, and not to the only one that there is', async () => {
    const scratch = await HubScratch.create();
    const { slug } = await scratch.started('Only one');
    const inHub = { in: scratch.hub };
    for (const words of ending) await scratch.mic(['session', ...words], { ...inHub, ...notFound });
    // What the documents tell an agent to begin with goes nowhere where nothing is to be claimed, and says so.
    for (const document of ['README.md', 'share/agents/sessions/SESSIONS-README.md']) {
      const text = readFileSync(new URL(`../../${document}`, import.meta.url), 'utf8');
      const first = /^.*mic session claim --any.*$/m.exec(text)![0];
      const { stdout } = await scratch.bash(`rc=0; { ${first}\n} || rc=$?; echo "$rc ${'$'}{SESSION_SLUG-}"`);
      assert.equal(stdout, `${exitCodes.noneToClaim.code} \n`);
    }
    assert.equal(await scratch.stateOf(slug), 'active');
    await scratch.mic(['session', 'log', 'a note'], inHub);
    await scratch.mic(['session', 'complete', slug, '--unmet=no'], inHub);
  });

  test('is not done to another agent’s from outside, whatever it is called by', async () => {
    const scratch = await HubScratch.create();
    const { slug, workspace } = await scratch.started('Faster start');
    const environment = agentNamed('bob');
    const bob = { in: scratch.hub, environment };
    const main = await scratch.says('rev-parse', 'main');
    for (const [command, ...words] of ending) {
      for (const name of [slug, 'faster-start']) {
        const line = ['session', command!, name, ...words];
        const { stderr } = await scratch.mic(line, { ...bob, exit: exitCodes.claimed.code });
        assert.match(stderr, /not yours: ada has it.*--take-over --now/);
      }
    }
    assert.equal(await scratch.says('rev-parse', 'main'), main);
    // In its workspace, and in a shell of its claim, it is the agent's own.
    await scratch.mic(['session', 'land'], { in: workspace, environment });
    const own = `. '${workspace}/.session-env' && export MICELIO_AGENT_NAME=bob && mic session land ${slug}`;
    await scratch.bash(own);
    await scratch.mic(['session', 'claim', slug, '--take-over', '--now'], bob);
    await scratch.mic(['session', 'complete', slug, '--unmet=no'], bob);
    assert.match(await scratch.says('log', '-1', '--format=%s', 'main'), /complete by bob/);
  });
});

describe('claiming what one has', () => {
  test('goes on with it in its workspace and in its shell, and nowhere else', async () => {
    const scratch = await HubScratch.create();
    const slug = await scratch.planned('Again');
    const claim = ['session', 'claim', slug];
    const inHub = { in: scratch.hub };
    const { workspace } = await scratch.json<{ workspace: string }>(claim, inHub);
    const commits = await scratch.says('rev-list', '--count', 'main');
    const fencing = () => scratch.says('cat-file', 'blob', `refs/claims/${slug}`);
    const before = JSON.parse(await fencing()) as { id: string };

    const again = await scratch.json<{ workspace: string }>(claim, { in: workspace });
    assert.equal(again.workspace, workspace);
    await scratch.bash(`. '${workspace}/.session-env' && mic session claim ${slug}`);
    assert.equal((JSON.parse(await fencing()) as { id: string }).id, before.id);
    assert.equal(await scratch.says('rev-list', '--count', 'main'), commits);

    // Another agent of the same name may stand in the hub, and one of another name in the workspace.
    const refused = { exit: exitCodes.claimed.code };
    const here = await scratch.mic(claim, { ...inHub, ...refused });
    assert.match(here.stderr, /this machine has it already, for ada\. If that is you, go on with it: dir=/);
    await scratch.mic(claim, { in: workspace, environment: agentNamed('bob'), ...refused });

    // Whoever it was taken from does not go on.
    const env = await scratch.bash(`. '${workspace}/.session-env' && echo "$SESSION_CLAIM"`);
    const bob = { ...inHub, environment: agentNamed('bob') };
    await scratch.mic([...claim, '--take-over', '--now'], bob);
    const late = { SESSION_SLUG: slug, SESSION_CLAIM: env.stdout.trim() };
    await scratch.mic(claim, { in: workspace, environment: late, ...refused });
    assert.ok(existsSync(workspace));
  });
});
