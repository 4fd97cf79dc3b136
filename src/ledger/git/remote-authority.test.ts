import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { ScratchRepository } from '../../git/scratch-repository.ts';
import { parseSlug, type Slug } from '../../session/plan/slug.ts';
import type { FileName } from '../../tree/path.ts';
import {
  agentAda,
  agentBob,
  assertSound,
  folderNames,
  handClock,
  openLedger,
  scratchHub,
  slugs,
} from './fixtures.ts';
import { ClaimLost } from './git-ledger-error.ts';
import { fileEdit } from './session-moves.ts';

const [one, two, three] = slugs(3) as [Slug, Slug, Slug];

/** A remote that decides, and hubs of it. */
function setUp(t: TestContext, options: { readonly hubs?: number; readonly bare?: boolean } = {}) {
  const remote = scratchHub(t, [one, two, three], { settings: { authority: 'origin' } });
  const hubs = Array.from({ length: options.hubs ?? 1 }, () => {
    const hub = ScratchRepository.create(t, { bare: options.bare ?? true });
    hub.git(['remote', 'add', 'origin', remote.directory]);
    hub.git(['fetch', '-q', 'origin', 'main:refs/heads/first']);
    hub.git(['update-ref', 'refs/heads/main', 'refs/heads/first']);
    hub.git(['branch', '-D', 'first']);
    if (options.bare === false) hub.git(['reset', '-q', '--hard', 'main']);
    return hub;
  });
  return { remote, hubs, hub: hubs[0]! };
}

describe('a remote that decides for several hubs', () => {
  test('has every move, and the hubs follow', async (t) => {
    const { remote, hubs } = setUp(t, { hubs: 2, bare: false });
    const [a, b] = [await openLedger(t, hubs[0]!), await openLedger(t, hubs[1]!)];
    assert.equal(a.authority, 'origin');
    const { value: claim } = await a.claim({ slug: one, by: agentAda });
    await assert.rejects(b.claim({ slug: one, by: agentBob }), ClaimLost);
    await b.claim({ slug: two, by: agentBob });
    assert.deepEqual([...folderNames(remote, 'active')], [one, two]);
    const { notes } = await a.complete({ token: claim });
    assert.deepEqual(
      notes.map((note) => note.kind === 'checkout' && note.outcome),
      ['followed'],
    );
    assert.ok(existsSync(join(hubs[0]!.directory, `_AGENTS/sessions/completed/${one}/SESSION.md`)));
    assert.equal(hubs[0]!.git(['status', '--porcelain']), '');
    assert.equal(hubs[0]!.git(['rev-parse', 'main']), remote.git(['rev-parse', 'main']));
    assert.equal(hubs[0]!.git(['rev-parse', 'origin/main']), remote.git(['rev-parse', 'main']));
    assert.equal(remote.git(['for-each-ref', '--format=%(refname)', 'refs/claims']), `refs/claims/${two}`);
    // Claims are the remote's alone.
    for (const hub of hubs) assert.equal(hub.git(['for-each-ref', 'refs/claims']), '');
    for (const repository of [remote, ...hubs]) assertSound(repository);
  });

  test('lets nobody land who has been taken over on another hub', async (t) => {
    const { remote, hubs } = setUp(t, { hubs: 2 });
    const clock = handClock();
    const [a, b] = [await openLedger(t, hubs[0]!, { clock }), await openLedger(t, hubs[1]!, { clock })];
    const { value: late } = await a.claim({ slug: one, by: agentAda });
    const { value } = await b.takeOver({ slug: one, by: agentBob, mode: 'now' });
    const before = remote.git(['rev-parse', 'main']);
    await assert.rejects(a.complete({ token: late }), ClaimLost);
    await assert.rejects(a.renew(late), ClaimLost);
    assert.equal(remote.git(['rev-parse', 'main']), before);
    await b.complete({ token: value.claim });
  });

  test('a hub with commits of its own keeps them, and is told so', async (t) => {
    const { hub, remote } = setUp(t);
    const own = hub.git(['commit-tree', '-p', 'main', '-m', 'own', 'main^{tree}']);
    hub.git(['update-ref', 'refs/heads/main', own]);
    const ledger = await openLedger(t, hub);
    const { notes } = await ledger.claim({ slug: one, by: agentAda });
    assert.deepEqual(notes, [{ kind: 'hub-diverged', remote: 'origin' }]);
    assert.equal(hub.git(['rev-parse', 'main']), own);
    assert.deepEqual(folderNames(remote, 'active'), [one]);
  });

  test('a push whose answer is lost has happened, and is not done twice', async (t) => {
    const { hub, remote } = setUp(t);
    // The remote moves its refs, and then the connection breaks.
    const broken = join(remote.directory, 'hooks/reference-transaction');
    writeFileSync(broken, '#!/bin/sh\n[ "$1" = committed ] && kill -9 $PPID\nexit 0\n');
    chmodSync(broken, 0o755);
    assert.throws(() => hub.git(['push', '-q', 'origin', 'main:refs/heads/other']));
    const ledger = await openLedger(t, hub);
    const { value: token } = await ledger.claim({ slug: one, by: agentAda });
    await ledger.complete({ token });
    assert.deepEqual(folderNames(remote, 'completed'), [one]);
    assert.equal(remote.git(['rev-list', '--count', 'main']), '3');
  });

  /** Has something done when the hub begins its `n`th connection for reading. */
  function onConnection(hub: ScratchRepository, n: number, what: string): () => number {
    const [program, count] = [join(hub.directory, 'upload-pack'), join(hub.directory, 'connections')];
    const lines = [
      `echo >> ${count}`,
      `[ $(wc -l < ${count}) = ${n} ] && ${what}`,
      'exec git upload-pack "$@"',
    ];
    writeFileSync(program, `#!/bin/sh\n${lines.join('\n')}\n`);
    chmodSync(program, 0o755);
    hub.git(['config', 'remote.origin.uploadpack', program]);
    return () => readFileSync(count).length;
  }

  for (const [protocol, connections] of [
    ['2', 2],
    ['0', 4],
  ] as const) {
    test(`a claim is read that changes while it is fetched, by git’s protocol ${protocol}`, async (t) => {
      const { hubs, remote } = setUp(t, { hubs: 2 });
      const other = await openLedger(t, hubs[1]!);
      const { value } = await other.claim({ slug: one, by: agentBob });
      const renewed = remote
        .git(['cat-file', 'blob', `refs/claims/${one}`])
        .replace(/"renewedMs":\d+/, '"renewedMs":1');
      const change = `git -C ${remote.directory} update-ref refs/claims/${one} ${remote.blob(renewed)}`;
      const hub = hubs[0]!;
      hub.git(['config', 'protocol.version', protocol]);
      const connected = onConnection(hub, 2, change);
      const { claim } = await (await openLedger(t, hub)).session(one);
      assert.equal(claim?.id, value.id);
      assert.equal(claim?.renewedMs === 1, protocol === '0');
      assert.equal(connected(), connections);
    });
  }

  test('what was seen lately is read without asking, with what was moved since, until it is to look again', async (t) => {
    const { hubs } = setUp(t, { hubs: 2 });
    const hub = hubs[0]!;
    const connected = onConnection(hub, 0, ':');
    const clock = handClock();
    const ledger = await openLedger(t, hub, { looksGoodForMs: 60_000, clock });
    const states = async () => (await ledger.list()).map(({ state }) => state);
    assert.deepEqual(await states(), ['planned', 'planned', 'planned']);
    await ledger.main();
    assert.equal(connected(), 1);
    const other = await openLedger(t, hubs[1]!);
    await other.claim({ slug: two, by: agentBob });
    await ledger.claim({ slug: one, by: agentAda });
    const moved = connected();
    assert.deepEqual(await states(), ['active', 'active', 'planned']);
    await other.claim({ slug: three, by: agentBob });
    assert.deepEqual(await states(), ['active', 'active', 'planned']);
    assert.equal(connected(), moved);
    await assert.rejects(ledger.claim({ slug: three, by: agentAda }), ClaimLost);
    const before = connected();
    ledger.lookAgain();
    assert.deepEqual(await states(), ['active', 'active', 'active']);
    assert.equal(connected(), before + 1);
    // As while the machine sleeps.
    clock.advance(60_000);
    await states();
    assert.equal(connected(), before + 2);
  });

  test('what another process has fetched in part only is fetched', async (t) => {
    const { hubs, remote } = setUp(t, { hubs: 2 });
    const other = await openLedger(t, hubs[1]!);
    const files = [fileEdit('SESSION.md' as FileName, '# Session: new')];
    await other.draft({ slug: parseSlug('2025-10-14-new'), by: agentBob, files });
    // Git writes a commit before its trees.
    const commit = remote.git(['cat-file', 'commit', 'main']);
    const hub = hubs[0]!;
    hub.git(['hash-object', '-w', '-t', 'commit', '--stdin'], `${commit}\n`);
    assert.equal(hub.git(['cat-file', '-t', remote.git(['rev-parse', 'main'])]), 'commit');
    assert.equal((await (await openLedger(t, hub)).list()).length, 4);
  });

  test('a hook that refuses is quoted, and nothing has changed', async (t) => {
    const { hub, remote } = setUp(t);
    const hook = join(remote.directory, 'hooks/pre-receive');
    writeFileSync(hook, '#!/bin/sh\necho "main is protected" >&2\nexit 1\n');
    chmodSync(hook, 0o755);
    const ledger = await openLedger(t, hub);
    const refused = { code: 'ledger/refused', message: /main is protected/ };
    await assert.rejects(ledger.claim({ slug: one, by: agentAda }), refused);
    assert.equal(remote.git(['for-each-ref', 'refs/claims']), '');
  });

  test('that cannot be reached is an error without what its URL may carry', async (t) => {
    const { hub, remote } = setUp(t);
    const ledger = await openLedger(t, hub);
    hub.git(['remote', 'set-url', 'origin', 'http://user:secret@127.0.0.1:1/none']);
    await assert.rejects(ledger.claim({ slug: one, by: agentAda }), (error: Error & { code: string }) => {
      assert.equal(error.code, 'ledger/unreachable');
      assert.doesNotMatch(`${error.message} ${error.stack} ${JSON.stringify(error)}`, /secret/);
      return true;
    });
    hub.git(['remote', 'set-url', 'origin', remote.directory]);
    await ledger.claim({ slug: one, by: agentAda });
  });

  test('a user’s own hook runs before code is pushed, and not for a move of a session', async (t) => {
    const { hub } = setUp(t);
    const ran = join(hub.directory, 'ran');
    const hook = join(hub.directory, 'hooks/pre-push');
    writeFileSync(hook, `#!/bin/sh\necho ran >>${ran}\n`);
    chmodSync(hook, 0o755);
    const ledger = await openLedger(t, hub);
    const { value: token } = await ledger.claim({ slug: one, by: agentAda });
    assert.ok(!existsSync(ran));
    const onto = await ledger.main();
    const commit = hub.git(['commit-tree', '-p', onto, '-m', 'code', `${onto}^{tree}`]) as typeof onto;
    await ledger.land({ token, code: { onto, commit, beside: 'sessions' } });
    assert.equal(readFileSync(ran, 'utf8'), 'ran\n');
  });
});
