import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { Git } from '../../src/git/git-process.ts';
import { agentAda, agentBob, projectFiles, slugs } from '../../src/ledger/git/fixtures.ts';
import { GitLedger } from '../../src/ledger/git/git-ledger.ts';
import { CloudScratch } from './cloud-scratch.ts';

const cloud = await CloudScratch.start();
/** Git's HTTP library sends a request again, by itself and once, whose connection was in use before and breaks. */
const sendings = 2;
const workload = fileURLToPath(new URL('../../src/ledger/git/race-workload.ts', import.meta.url));

/** A remote over HTTP that decides, with `count` planned sessions, and hubs of it. */
async function setUp(name: string, hubs: number, count: number) {
  const planned = slugs(count);
  const there = await cloud.cloud(`${name}.git`);
  const files = Array.from(projectFiles(planned, { authority: 'origin' }), ([path, { content }]) => {
    return [path, content.toString()] as const;
  });
  await cloud.commit(there, Object.fromEntries(files));
  const directories: string[] = [];
  for (let i = 0; i < hubs; i++) {
    const hub = await cloud.hub(`${name}-${i}`, `${name}.git`);
    await cloud.git(['fetch', '-q', 'origin', 'main:main'], hub);
    directories.push(hub);
  }
  return { there, hubs: directories, hub: directories[0]!, slug: planned[0]!, planned };
}

async function open(t: TestContext, hub: string): Promise<GitLedger> {
  let now = Date.now();
  // Whatever is made again is another commit.
  const clock = { now: () => (now += 1000) };
  const ledger = await GitLedger.open(new Git(cloud.scratch.environment), hub, { machine: 'here', clock });
  t.after(() => ledger.close());
  return ledger;
}

/** The subjects of main, newest first, without that of the first commit. */
async function subjects(directory: string): Promise<string[]> {
  const { stdout } = await cloud.git(['log', '--format=%s', 'main'], directory);
  return stdout.trim().split('\n').slice(0, -1);
}

async function claimAt(directory: string, slug: string): Promise<{ id: string; fencing: number }> {
  const { stdout } = await cloud.git(['cat-file', 'blob', `refs/claims/${slug}`], directory);
  return JSON.parse(stdout);
}

/** What an error says is kept, to look for tokens in it. */
async function fails(work: Promise<unknown>, code: string, words: RegExp): Promise<void> {
  await assert.rejects(work, (error: Error & { code: string }) => {
    cloud.said(`${error.stack} ${JSON.stringify(error)}`);
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  });
}

describe('a remote over HTTP that decides', () => {
  test('has each session claimed and completed once, by agents on several hubs, whatever becomes of answers', async () => {
    const { there, hubs, planned } = await setUp('race', 2, 5);
    cloud.server.trouble('push', 'break-after', 2 * sendings);
    const agents = await Promise.all(
      [0, 1, 2].map((i) =>
        cloud.scratch.run(process.execPath, [workload, hubs[i % hubs.length]!, `agent-${i}`, 'land']),
      ),
    );
    for (const { stdout, stderr } of agents) cloud.said(stdout + stderr);
    const lines = agents.flatMap(({ stdout }) => stdout.split('\n'));
    for (const word of ['claimed', 'landed']) {
      const of = lines.filter((line) => line.startsWith(word)).map((line) => line.split(' ')[1]!);
      assert.deepEqual(of.sort(), [...planned].sort());
    }
    assert.ok(cloud.server.requests.filter(({ answer }) => answer === 'break-after').length === 2 * sendings);
    assert.equal((await subjects(there)).length, 2 * planned.length);
    assert.equal(await cloud.refs(there, ['refs/claims']), '');
    assert.equal((await cloud.git(['rev-list', '--merges', '--count', 'main'], there)).stdout, '0\n');
    for (const directory of [there, ...hubs]) {
      assert.equal((await cloud.git(['fsck', '--strict', '--no-dangling'], directory)).stdout, '');
    }
    for (const hub of hubs) await cloud.mic(['hub', 'sync'], hub);
    for (const hub of hubs) {
      assert.equal(await cloud.revision(hub, 'main'), await cloud.revision(there, 'main'));
    }
  });

  for (const trouble of ['break-after', 'break-before', 'late'] as const) {
    test(`a claim and a completion are done once, though the connection breaks (${trouble})`, async (t) => {
      const { there, hub, slug } = await setUp(`once-${trouble}`, 1, 1);
      const ledger = await open(t, hub);
      cloud.server.trouble('push', trouble, sendings);
      const { value: token } = await ledger.claim({ slug, by: agentAda });
      const { id, fencing } = await claimAt(there, slug);
      assert.deepEqual([id, fencing], [token.id, 1]);
      cloud.server.trouble('push', trouble, sendings);
      await ledger.complete({ token });
      assert.deepEqual(await subjects(there), [
        `[${slug}] session: complete by Ada`,
        `[${slug}] session: claim by Ada`,
      ]);
      assert.equal(await cloud.revision(hub, 'main'), await cloud.revision(there, 'main'));
    });
  }

  test('that is gone in the middle is an error that leaves things whole, and the next one finds what was done', async (t) => {
    const { there, hub, slug } = await setUp('middle', 1, 1);
    const ledger = await open(t, hub);
    for (const [kind, trouble] of [
      ['push', 'break-before'],
      ['list-for-fetch', 'break-before'],
    ] as const) {
      cloud.server.trouble(kind, trouble, 99);
      await fails(ledger.claim({ slug, by: agentAda }), 'ledger/unreachable', /cannot be reached/);
      cloud.server.recover();
      assert.deepEqual(await subjects(there), []);
      assert.equal(await cloud.refs(there, ['refs/claims']), '');
    }
    const { value: token } = await ledger.claim({ slug, by: agentAda });
    // The landing is done, and nothing is heard of it any more.
    cloud.server.trouble('push', 'break-after', sendings);
    cloud.server.before('push', async () => cloud.server.trouble('list-for-fetch', 'break-before', 99));
    await fails(ledger.complete({ token }), 'ledger/unreachable', /was done after all is found/);
    cloud.server.recover();
    assert.equal((await ledger.session(slug)).state, 'completed');
    await ledger.mend();
    assert.equal(await cloud.revision(hub, 'main'), await cloud.revision(there, 'main'));
  });

  test('and lets nobody in any more says so, and goes on with a new token', async (t) => {
    const { there, hub, slug } = await setUp('token', 1, 1);
    const ledger = await open(t, hub);
    cloud.tokens('mic-t0ken-second-0f9d', 'mic-t0ken-first-88ab');
    await fails(ledger.claim({ slug, by: agentAda }), 'ledger/unreachable', /missing, wrong, expired/);
    const status = await cloud.json<{ access: { state: string }; lapsed: unknown }>(['hub', 'status'], hub);
    assert.deepEqual([status.access.state, status.lapsed], ['unauthorized', null]);
    cloud.tokens('mic-t0ken-second-0f9d');
    cloud.server.trouble('list-for-push', 'forbid', 99);
    await fails(ledger.claim({ slug, by: agentAda }), 'ledger/refused', /may not do it/);
    cloud.server.recover();
    await ledger.claim({ slug, by: agentAda });
    assert.equal((await claimAt(there, slug)).fencing, 1);
  });
});

describe('mic hub sync, with the remote that decides', () => {
  test('brings the hub along, and pushes what only the hub has where that is on top', async (t) => {
    const { there, hubs, slug } = await setUp('along', 2, 1);
    const [one, two] = hubs as [string, string];
    const ledger = await open(t, one);
    await ledger.claim({ slug, by: agentBob });
    const { authority, main: did } = await cloud.json<{ authority: string; main: { did: string } }>(
      ['hub', 'sync'],
      two,
    );
    assert.deepEqual([authority, did.did], ['remote', 'follow']);
    assert.equal(await cloud.revision(two, 'main'), await cloud.revision(there, 'main'));
    const own = await cloud.commit(two, { own: '1\n' });
    await cloud.mic(['hub', 'sync'], two);
    assert.equal(await cloud.revision(there, 'main'), own);
    const status = await cloud.json(['hub', 'status'], two);
    assert.deepEqual([status.ahead, status.behind, status.authority, status.lapsed], [0, 0, 'origin', []]);
  });

  test('merges nothing into what is everybody’s; it puts the hub’s own on top where it is told to', async (t) => {
    const { there, hub, slug } = await setUp('own', 1, 1);
    await cloud.commit(hub, { own: '1\n' });
    const ledger = await open(t, hub);
    const { notes } = await ledger.claim({ slug, by: agentAda });
    assert.deepEqual(notes, [{ kind: 'hub-diverged', remote: 'origin' }]);
    const before = await cloud.revision(there, 'main');
    await cloud.git(['branch', 'session/one', 'main'], hub);
    const refused = { exit: exitCodes.refused.code };
    const { stderr } = await cloud.mic(['hub', 'sync', '--sessions'], hub, refused);
    assert.match(stderr, /have come apart.*--rebase/);
    assert.equal(await cloud.revision(there, 'main'), before);
    assert.equal(await cloud.refs(there, ['refs/heads/session/one']), '', 'all or nothing');
    await cloud.mic(['hub', 'sync', '--rebase', '--sessions'], hub);
    assert.equal(await cloud.revision(there, 'session/one'), await cloud.revision(hub, 'session/one'));
    assert.equal(await cloud.revision(there, 'main~'), before);
    assert.equal(await cloud.revision(hub, 'main'), await cloud.revision(there, 'main'));
  });

  test('leaves main to the remote that decides, where it is another one', async () => {
    const { hub } = await setUp('decides', 1, 1);
    const mirror = await cloud.cloud('mirror.git');
    await cloud.git(['remote', 'add', 'mirror', cloud.server.url('mirror.git')], hub);
    await cloud.mic(['hub', 'sync', '--remote=mirror'], hub);
    assert.equal(await cloud.revision(mirror, 'main'), await cloud.revision(hub, 'main'));
    const before = await cloud.revision(hub, 'main');
    await cloud.commit(mirror, { theirs: '1\n' });
    const refused = { exit: exitCodes.refused.code };
    const { stderr } = await cloud.mic(['hub', 'sync', '--remote=mirror'], hub, refused);
    assert.match(stderr, /another remote decides/);
    assert.equal(await cloud.revision(hub, 'main'), before);
    await cloud.mic(['hub', 'sync', `--remote=${join('no', 'where')}`], hub, {
      exit: exitCodes.notFound.code,
    });
  });
});

test('no token is anywhere but where the user keeps it', () => cloud.assertNoToken());
