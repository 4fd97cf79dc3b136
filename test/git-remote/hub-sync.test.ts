import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { CloudScratch } from './cloud-scratch.ts';

const cloud = await CloudScratch.start();

/** A cloud repository and a hub of it, at the same commit. */
async function pair(name: string, kind: 'bare' | 'checked-out' = 'bare') {
  const there = await cloud.cloud(`${name}.git`);
  await cloud.commit(there, { a: 'a\n', b: 'b\n' });
  const here = await cloud.hub(name, `${name}.git`, kind);
  await cloud.mic(['hub', 'sync'], here);
  return { here, there };
}

const main = (directory: string) => cloud.revision(directory, 'main');
const parents = async (directory: string, revision = 'main') =>
  (await cloud.git(['log', '-1', '--format=%P', revision], directory)).stdout.trim().split(' ');

describe('mic hub sync, with a remote over HTTP', () => {
  test('fills an empty remote, and a hub that has nothing yet', async () => {
    const there = await cloud.cloud('new.git');
    const [one, two] = [await cloud.hub('one', 'new.git'), await cloud.hub('two', 'new.git', 'checked-out')];
    const commit = await cloud.commit(one, { a: 'a\n' });
    const { main: did } = await cloud.json<{ main: object }>(['hub', 'sync'], one);
    assert.deepEqual(did, { branch: 'main', did: 'push', commit, apart: { here: 0, there: 0 } });
    assert.equal(await main(there), commit);
    assert.equal(await cloud.revision(one, 'refs/remotes/origin/main'), commit);
    await cloud.mic(['hub', 'sync'], two);
    assert.equal(await main(two), commit);
    assert.equal(readFileSync(join(two, 'a'), 'utf8'), 'a\n');
    assert.equal((await cloud.git(['status', '--porcelain'], two)).stdout, '');
    const { stdout } = await cloud.mic(['hub', 'sync'], two);
    assert.equal(stdout, 'main and origin/main are the same\n');
  });

  test('goes forward on either side, and a checkout of main follows without losing an edit', async () => {
    const { here, there } = await pair('forward', 'checked-out');
    const theirs = await cloud.commit(there, { a: 'theirs\n' });
    writeFileSync(join(here, 'b'), 'edited\n');
    const { stdout } = await cloud.mic(['hub', 'sync'], here);
    assert.equal(stdout, 'main went forward to origin/main (1 commit)\n');
    assert.equal(await main(here), theirs);
    assert.equal(readFileSync(join(here, 'a'), 'utf8'), 'theirs\n');
    assert.equal(readFileSync(join(here, 'b'), 'utf8'), 'edited\n');
    assert.equal((await cloud.git(['status', '--porcelain'], here)).stdout, ' M b\n');
    await cloud.git(['commit', '-qam', 'ours'], here);
    assert.equal((await cloud.mic(['hub', 'sync'], here)).stdout, 'origin/main got main (1 commit)\n');
    assert.equal(await main(there), await main(here));
  });

  test('merges what has come apart, by one commit and without a working tree', async () => {
    const { here, there } = await pair('apart');
    const ours = await cloud.commit(here, { ours: '1\n' });
    const theirs = await cloud.commit(there, { theirs: '1\n' });
    await cloud.mic(['hub', 'sync'], here);
    assert.deepEqual(await parents(here), [ours, theirs]);
    assert.equal(await main(there), await main(here));
    const { stdout } = await cloud.git(['log', '-1', '--format=%an %s', 'main'], here);
    assert.equal(stdout, 'ada Merge origin/main into main\n');
    assert.equal((await cloud.git(['ls-tree', '--name-only', 'main'], there)).stdout, 'a\nb\nours\ntheirs\n');
  });

  test('rebases the hub’s own commits where that is asked for', async () => {
    const { here, there } = await pair('rebased', 'checked-out');
    await cloud.commit(here, { one: '1\n' });
    await cloud.git(['reset', '-q', '--hard'], here);
    await cloud.commit(here, { two: '2\n' });
    await cloud.git(['reset', '-q', '--hard'], here);
    const theirs = await cloud.commit(there, { theirs: '1\n' });
    await cloud.mic(['hub', 'sync', '--rebase'], here);
    assert.equal(await cloud.revision(here, 'main~2'), theirs);
    assert.equal(await main(there), await main(here));
    assert.equal((await cloud.git(['status', '--porcelain'], here)).stdout, '');
    assert.equal(readFileSync(join(here, 'theirs'), 'utf8'), '1\n');
  });

  for (const how of ['merge', 'rebase']) {
    test(`moves nothing where both have changed the same, and says what (${how})`, async () => {
      const { here, there } = await pair(`conflict-${how}`);
      await cloud.commit(here, { a: 'ours\n' });
      await cloud.commit(there, { a: 'theirs\n' });
      const before = [await main(here), await cloud.refs(there)];
      const flags = how === 'rebase' ? ['--rebase'] : [];
      const ended = await cloud.mic(['hub', 'sync', ...flags], here, { exit: exitCodes.conflict.code });
      assert.match(ended.stderr, new RegExp(`changed:\\n  a\\n[^]*git ${how} origin/main`));
      assert.deepEqual([await main(here), await cloud.refs(there)], before);
    });
  }

  test('does not guess where there is nothing in common', async () => {
    const there = await cloud.cloud('unrelated.git');
    await cloud.commit(there, { a: 'a\n' });
    const here = await cloud.hub('unrelated', 'unrelated.git');
    await cloud.commit(here, { other: 'x\n' });
    const ended = await cloud.mic(['hub', 'sync'], here, { exit: exitCodes.refused.code });
    assert.match(ended.stderr, /no commit in common/);
  });

  test('takes session branches and tags along where they are asked for, and takes nothing from anybody', async () => {
    const { here, there } = await pair('besides');
    for (const name of ['new', 'ahead', 'apart', 'behind']) {
      await cloud.git(['branch', `session/${name}`, 'main'], here);
    }
    await cloud.commit(here, { theirs: '2\n' }, { branch: 'session/ahead' });
    await cloud.commit(here, { ours: '2\n' }, { branch: 'session/apart' });
    for (const name of ['ahead', 'apart', 'behind']) {
      await cloud.git(['branch', `session/${name}`, 'main'], there);
    }
    await cloud.commit(there, { theirs: '1\n' }, { branch: 'session/apart' });
    await cloud.commit(there, { theirs: '1\n' }, { branch: 'session/behind' });
    await cloud.git(['tag', 'ours', 'main'], here);
    await cloud.git(['tag', '-a', '-m', 'ours', 'both', 'main'], here);
    await cloud.git(['tag', '-a', '-m', 'theirs', 'both', 'main'], there);
    await cloud.git(['tag', '-a', '-m', 'v1', 'theirs', 'main'], there);
    const before = await cloud.refs(there);
    await cloud.mic(['hub', 'sync'], here);
    assert.equal(await cloud.refs(there), before);

    const tried = await cloud.json(['hub', 'sync', '--sessions', '--tags', '--dry-run'], here);
    assert.equal(await cloud.refs(there), before);
    assert.equal(await cloud.refs(here, ['refs/tags/theirs']), '');
    const done = await cloud.json(['hub', 'sync', '--sessions', '--tags'], here);
    assert.deepEqual({ ...tried, dryRun: false }, done);
    assert.deepEqual(done.sessions, {
      pushed: ['session/ahead', 'session/new'],
      even: [],
      behind: ['session/behind'],
      apart: ['session/apart'],
      deleted: [],
    });
    assert.deepEqual(done.tags, {
      pushed: ['ours'],
      even: [],
      behind: [],
      apart: ['both'],
      fetched: ['theirs'],
    });
    for (const ref of ['session/new', 'session/ahead', 'ours', 'theirs']) {
      assert.equal(await cloud.revision(there, ref), await cloud.revision(here, ref), ref);
    }
    const { stderr } = await cloud.mic(['hub', 'sync', '--sessions', '--tags'], here);
    assert.match(stderr, /session\/apart has other commits at origin/);
    assert.match(stderr, /session\/behind has more commits at origin/);
    assert.match(stderr, /tag both is another one/);
  });

  for (const kind of ['list-for-push', 'push'] as const) {
    test(`looks again when somebody else was faster (${kind})`, async () => {
      const { here, there } = await pair(`faster-${kind}`);
      await cloud.commit(here, { ours: '1\n' });
      let theirs = '';
      cloud.server.before(kind, async () => {
        theirs = await cloud.commit(there, { theirs: '1\n' });
      });
      await cloud.mic(['hub', 'sync', '--rebase'], here);
      assert.deepEqual(await parents(there), [theirs]);
      assert.equal(await main(there), await main(here));
    });
  }

  test('says what the remote says where it refuses, and what to do', async () => {
    const { here, there } = await pair('protected');
    await cloud.commit(here, { ours: '1\n' });
    await cloud.git(['branch', 'session/one', 'main'], here);
    const hook = join(there, 'hooks/pre-receive');
    writeFileSync(hook, '#!/bin/sh\necho "main is protected by the board" >&2\nexit 1\n', { mode: 0o755 });
    const before = [await cloud.refs(here), await cloud.refs(there)];
    const ended = await cloud.mic(['hub', 'sync', '--sessions'], here, { exit: exitCodes.refused.code });
    assert.match(ended.stderr, /protected by the board/);
    assert.match(ended.stderr, /have what the hub has reviewed/);
    assert.deepEqual([await cloud.refs(here), await cloud.refs(there)], before);
  });
});

describe('mic hub sync, with a bad network', () => {
  for (const [kind, trouble] of [
    ['list-for-fetch', 'break-before'],
    ['fetch', 'break-before'],
    ['fetch', 'break-in-answer'],
    ['push', 'break-before'],
  ] as const) {
    test(`tells that the connection broke, with nothing half done, and goes on the next time (${kind}, ${trouble})`, async () => {
      const { here, there } = await pair(`${trouble}-${kind}`);
      const ours = await cloud.commit(here, { ours: '1\n' });
      const theirs = await cloud.commit(there, { theirs: 'x'.repeat(5000) });
      cloud.server.trouble(kind, trouble, 9);
      const ended = await cloud.mic(['hub', 'sync'], here, { exit: exitCodes.unavailable.code });
      cloud.server.recover();
      assert.match(ended.stderr, /connection broke/);
      assert.deepEqual([await main(here), await main(there)], [ours, theirs]);
      await cloud.mic(['hub', 'sync'], here);
      assert.deepEqual(await parents(there), [ours, theirs]);
      assert.equal(await main(here), await main(there));
      assert.equal((await cloud.git(['fsck', '--strict', '--no-dangling'], here)).stdout, '');
    });
  }

  for (const kind of ['fetch', 'push'] as const) {
    test(`a connection that breaks half way through a large ${kind} leaves everything as it was, and whole`, async () => {
      const { here, there } = await pair(`half-${kind}`);
      const large = { large: randomBytes(1_500_000).toString('base64') };
      const ours = await cloud.commit(here, kind === 'push' ? large : { ours: '1\n' });
      const theirs = await cloud.commit(there, kind === 'fetch' ? large : { theirs: '1\n' });
      const before = await cloud.refs(there);
      cloud.server.trouble(kind, 'break-half-way', 99);
      const ended = await cloud.mic(['hub', 'sync'], here, { exit: exitCodes.unavailable.code });
      cloud.server.recover();
      assert.match(ended.stderr, /connection broke/);
      assert.ok(cloud.server.requests.some(({ answer }) => answer === 'break-half-way'));
      assert.equal(await cloud.refs(there), before);
      assert.equal(await main(here), ours);
      for (const directory of [here, there]) {
        assert.equal((await cloud.git(['fsck', '--strict', '--no-dangling'], directory)).stdout, '');
      }
      await cloud.mic(['hub', 'sync'], here);
      assert.deepEqual(await parents(there), [ours, theirs]);
      assert.equal(await main(here), await main(there));
    });
  }

  test('a push whose answer was lost has happened, and is not done twice', async () => {
    const { here, there } = await pair('lost-answer');
    const ours = await cloud.commit(here, { ours: '1\n' });
    const theirs = await cloud.commit(there, { theirs: '1\n' });
    // The library that git uses sends it once more by itself.
    cloud.server.trouble('push', 'break-after', 2);
    await cloud.mic(['hub', 'sync'], here);
    assert.deepEqual(await parents(there), [ours, theirs]);
    assert.equal(await main(here), await main(there));
  });

  test('a slow answer is waited for', async () => {
    const { here, there } = await pair('slow');
    const theirs = await cloud.commit(there, { theirs: '0123456789'.repeat(500) });
    for (const kind of ['list-for-fetch', 'fetch'] as const) cloud.server.trouble(kind, 'slow', 9);
    await cloud.mic(['hub', 'sync'], here);
    cloud.server.recover();
    assert.equal(await main(here), theirs);
  });
});

describe('credentials', () => {
  test('that have expired are an error at once, and new ones are enough', async () => {
    const { here, there } = await pair('expired');
    const ours = await cloud.commit(here, { ours: '1\n' });
    for (const token of ['mic-t0ken-expired-19e4', '']) {
      cloud.tokens('mic-t0ken-newer-77c2e8', token);
      const ended = await cloud.mic(['hub', 'sync'], here, { exit: exitCodes.unavailable.code });
      assert.match(ended.stderr, /missing, wrong, expired/);
      assert.match(ended.stderr, /credential helper/);
      const status = await cloud.json<{ access: { state: string } }>(['hub', 'status'], here);
      assert.equal(status.access.state, 'unauthorized');
    }
    cloud.tokens('mic-t0ken-newer-77c2e8');
    await cloud.mic(['hub', 'sync'], here);
    assert.equal(await main(there), ours);
  });

  test('that expire between the listing for a push and the push leave everything as it was', async () => {
    const { here, there } = await pair('expires');
    const before = await cloud.refs(there);
    const ours = await cloud.commit(here, { ours: '1\n' });
    cloud.server.before('list-for-push', async () =>
      cloud.tokens('mic-t0ken-next-3b1d90', cloud.server.token),
    );
    const ended = await cloud.mic(['hub', 'sync'], here, { exit: exitCodes.unavailable.code });
    assert.match(ended.stderr, /missing, wrong, expired/);
    assert.deepEqual([await main(here), await cloud.refs(there)], [ours, before]);
    cloud.tokens('mic-t0ken-next-3b1d90');
    await cloud.mic(['hub', 'sync'], here);
    assert.equal(await main(there), ours);
  });

  test('that expire between fetch and push, or may only read, leave everything as it was', async () => {
    const { here, there } = await pair('read-only');
    const ours = await cloud.commit(here, { ours: '1\n' });
    const theirs = await cloud.commit(there, { theirs: '1\n' });
    cloud.server.trouble('list-for-push', 'forbid', 9);
    const ended = await cloud.mic(['hub', 'sync'], here, { exit: exitCodes.unavailable.code });
    assert.match(ended.stderr, /may not do it/);
    const status = await cloud.json<{ access: object }>(['hub', 'status'], here);
    assert.deepEqual(status.access, { state: 'reached', push: 'denied' });
    cloud.server.recover();
    assert.deepEqual([await main(here), await main(there)], [ours, theirs]);
  });

  test('may come from GIT_ASKPASS', async () => {
    const { here, there } = await pair('askpass');
    const ours = await cloud.commit(here, { ours: '1\n' });
    const { directory } = cloud.scratch;
    const askpass = join(directory, 'askpass-program');
    writeFileSync(
      askpass,
      `#!/bin/sh\nsed -n "s/^$(echo "$1" | cut -c1-8 | tr A-Z a-z)=//p" "${directory}/vault"\n`,
      {
        mode: 0o755,
      },
    );
    const environment = { GIT_ASKPASS: askpass, GIT_CONFIG_GLOBAL: '/dev/null' };
    await cloud.mic(['hub', 'sync'], here, {
      exit: exitCodes.unavailable.code,
      environment: { ...environment, GIT_ASKPASS: '' },
    });
    await cloud.mic(['hub', 'sync'], here, { environment });
    assert.equal(await main(there), ours);
  });

  test('in a URL or a header are refused before anything is asked, and never shown', async () => {
    const { here } = await pair('exposed');
    // A token that was never one of the server's, so that the files of this test may have it.
    const exposed = 'exp0sed-and-void';
    const url = cloud.server.url('exposed.git').replace('//', `//ada:${exposed}@`);
    const asked = cloud.server.requests.length;
    for (const [name, value] of [
      ['remote.origin.url', url],
      ['http.extraHeader', `Authorization: Basic ${exposed}`],
    ] as const) {
      const before = (await cloud.git(['config', '--default', '', name], here)).stdout.trim();
      await cloud.git(['config', name, value], here);
      const ended = await cloud.mic(['hub', 'sync'], here, { exit: exitCodes.refused.code });
      assert.match(ended.stderr, new RegExp(`${name}[^]*credential helper`, 'i'));
      assert.doesNotMatch(ended.stdout + ended.stderr, new RegExp(exposed));
      if (name === 'remote.origin.url') {
        const status = await cloud.mic(['hub', 'status'], here);
        assert.match(status.stdout, /credentials in remote\.origin\.url/);
        assert.doesNotMatch(status.stdout + status.stderr, new RegExp(exposed));
        await cloud.git(['config', name, before], here);
        assert.ok(cloud.server.requests.length > asked);
      }
    }
  });
});

describe('mic hub status', () => {
  test('says how far apart they are, and what is not pushed', async () => {
    const { here, there } = await pair('stands');
    await cloud.commit(here, { ours: '1\n' });
    await cloud.git(['branch', 'session/2025-10-14-auth', 'main'], here);
    const theirs = await cloud.commit(there, { theirs: '1\n' });
    const before = [await cloud.refs(here), await cloud.refs(there)];
    const status = await cloud.json(['hub', 'status'], here);
    assert.deepEqual([await cloud.refs(here), await cloud.refs(there)], before);
    // What the remote has got since it was last fetched is not here to be counted.
    assert.deepEqual(
      [status.ahead, status.behind, status.asFetched, status.unpushed, status.authority, status.leftBehind],
      [1, 0, true, ['session/2025-10-14-auth'], null, []],
    );
    assert.deepEqual(status.access, { state: 'reached', push: 'allowed' });
    await cloud.git(['fetch', '-q', 'origin'], here);
    const { ahead, behind, asFetched } = await cloud.json(['hub', 'status'], here);
    assert.deepEqual([ahead, behind, asFetched], [1, 1, false]);
    const { stdout } = await cloud.mic(['hub', 'status'], here);
    assert.match(stdout, /1 ahead of origin\/main, 1 behind/);
    assert.ok(theirs);
  });

  test('says that the remote is not there, and which one is missing', async () => {
    const { here } = await pair('gone');
    await cloud.git(['remote', 'set-url', 'origin', 'http://127.0.0.1:1/gone.git'], here);
    const { access } = await cloud.json<{ access: { state: string } }>(['hub', 'status'], here);
    assert.equal(access.state, 'unreachable');
    const ended = await cloud.mic(['hub', 'sync', '--remote=none'], here, { exit: exitCodes.notFound.code });
    assert.match(ended.stderr, /no remote "none"/);
  });
});

test('no token is anywhere but where the user keeps it', () => cloud.assertNoToken());
