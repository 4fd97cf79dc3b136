import assert from 'node:assert/strict';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileLock } from '../../git/file-lock.ts';
import type { ScratchRepository } from '../../git/scratch-repository.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { FileName } from '../../tree/path.ts';
import { type Claim, encodeClaim } from './claim.ts';
import {
  agentAda,
  agentBob,
  folderNames,
  lockLines,
  openLedger,
  scratchHub,
  slugs,
  subjects,
} from './fixtures.ts';
import { ClaimLost } from './git-ledger-error.ts';
import { fileEdit } from './session-moves.ts';

const [one, two, three] = slugs(3) as [Slug, Slug, Slug];

/** A hub with a checked-out main, for what people do by hand. */
function handHub(t: TestContext) {
  const hub = scratchHub(t, [one, two, three], { bare: false });
  const sessions = '_AGENTS/sessions';
  const byHand = (...commands: readonly (readonly string[])[]) => {
    for (const command of commands) hub.git(command);
    hub.git(['commit', '-qm', 'by hand']);
  };
  const appendLine = (slug: Slug, seconds: number) => {
    const lock = hub.git(['show', 'main:_AGENTS/sessions/sessions.lock']);
    const blob = hub.blob(`${lock === '' ? '' : `${lock}\n`}${slug}:${seconds}\n`);
    byHand(['update-index', '--cacheinfo', `100644,${blob},${sessions}/sessions.lock`]);
    hub.git(['checkout-index', '-f', `${sessions}/sessions.lock`]);
  };
  const move = (slug: Slug, from: string, to: string) =>
    byHand(['mv', `${sessions}/${from}/${slug}`, `${sessions}/${to}/${slug}`]);
  return { hub, appendLine, move, sessions };
}

function claimOn(hub: ScratchRepository, slug: Slug): Claim | undefined {
  const ref = `refs/claims/${slug}`;
  return hub.git(['for-each-ref', ref]) === '' ? undefined : JSON.parse(hub.git(['cat-file', 'blob', ref]));
}

describe('what others have left half done', () => {
  test('a claim without its record is recorded by whoever comes by', async (t) => {
    const hub = scratchHub(t, [one, two]);
    const ledger = await openLedger(t, hub);
    const before = hub.git(['rev-parse', 'main']);
    const { value: claim } = await ledger.claim({ slug: one, by: agentAda });
    // As if its process had been killed between the ref and the commit.
    hub.git(['update-ref', 'refs/heads/main', before]);
    const other = await openLedger(t, hub);
    await other.claim({ slug: two, by: agentBob });
    assert.deepEqual(subjects(hub, 2), [`[${two}] session: claim by Bob`, `[${one}] session: claim by Ada`]);
    assert.equal(hub.git(['log', '-1', '--format=%an', 'main~1']), 'Ada');
    assert.equal(lockLines(hub).length, 2);
    // The holder goes on as if nothing had been.
    await ledger.complete({ token: claim });
  });

  test('a line written by hand is a claim, and gets its ref', async (t) => {
    const { hub, appendLine } = handHub(t);
    appendLine(one, 1_760_000_000);
    const ledger = await openLedger(t, hub);
    await assert.rejects(ledger.claim({ slug: one, by: agentBob }), (error) => {
      assert.ok(error instanceof ClaimLost);
      assert.equal(error.holder?.agent.email, 'ada@example.com');
      return true;
    });
    await ledger.mend();
    assert.deepEqual(folderNames(hub, 'active'), [one]);
    assert.deepEqual(lockLines(hub), [`${one}:1760000000`]);
    assert.equal(hub.git(['status', '--porcelain']), '');
    const { value } = await ledger.takeOver({ slug: one, by: agentBob, mode: 'now' });
    assert.equal(value.claim.fencing, 2);
  });

  test('a line written by hand after a release is a new claim', async (t) => {
    const { hub, appendLine } = handHub(t);
    const ledger = await openLedger(t, hub);
    const { value: token } = await ledger.claim({ slug: one, by: agentBob });
    await ledger.release({ token });
    appendLine(one, 1_760_000_000);
    await ledger.mend();
    assert.equal(claimOn(hub, one)?.fencing, 2);
    assert.equal(claimOn(hub, one)?.agent?.name, 'Ada');
  });

  test('a session finished, or put aside, by hand is nobody’s any more', async (t) => {
    const { hub, move } = handHub(t);
    const ledger = await openLedger(t, hub);
    for (const slug of [one, two]) await ledger.claim({ slug, by: agentBob });
    move(one, 'active', 'completed');
    move(two, 'active', 'abandoned');
    await ledger.mend();
    assert.deepEqual(lockLines(hub), []);
    assert.equal(claimOn(hub, one), undefined);
    assert.equal(claimOn(hub, two)?.agent, null);
  });

  test('nothing is done twice', async (t) => {
    const { hub, appendLine } = handHub(t);
    const ledger = await openLedger(t, hub);
    await ledger.claim({ slug: two, by: agentBob });
    appendLine(one, 1_760_000_000);
    await ledger.mend();
    const refs = hub.git(['for-each-ref']);
    await ledger.mend();
    await (await openLedger(t, hub)).mend();
    assert.equal(hub.git(['for-each-ref']), refs);
  });

  test('a claim that cannot be read concerns its own session alone', async (t) => {
    const hub = scratchHub(t, [one, two, three]);
    hub.git(['update-ref', `refs/claims/${one}`, hub.blob('{"version": 2}')]);
    hub.git(['update-ref', `refs/claims/${two}`, 'main']);
    const ledger = await openLedger(t, hub);
    for (const slug of [one, two])
      await assert.rejects(ledger.claim({ slug, by: agentAda }), { code: 'ledger/claim-unreadable' });
    await ledger.claim({ slug: three, by: agentAda });
    assert.equal((await ledger.list()).length, 3);
  });

  test('an agent that cannot sign a commit gets nothing, and one that was let in by hand keeps nobody', async (t) => {
    const hub = scratchHub(t, [one, two]);
    const ledger = await openLedger(t, hub);
    const nobody = { name: '<>', email: 'x' };
    await assert.rejects(ledger.claim({ slug: one, by: nobody }), { code: 'git/signature-invalid' });
    assert.equal(claimOn(hub, one), undefined);
    const { value: claim } = await ledger.claim({ slug: one, by: agentAda });
    await ledger.release({ token: claim });
    const wrong = hub.blob(encodeClaim({ ...claim, agent: nobody }));
    hub.git(['update-ref', `refs/claims/${one}`, wrong]);
    await ledger.claim({ slug: two, by: agentBob });
    await assert.rejects(ledger.claim({ slug: one, by: agentBob }), ClaimLost);
  });

  test('what people write into the lock besides stays', async (t) => {
    const hub = scratchHub(t, [one]);
    const lock = '# who works on what\nnot-a-slug:1\n';
    const ledger = await openLedger(t, hub);
    const path = ledger.hub.layout.lock;
    const elsewhere = [{ path, change: () => Buffer.from(lock) }];
    await ledger.edit({ slug: one, by: agentAda, message: 'docs: lock', elsewhere });
    const { value: token } = await ledger.claim({ slug: one, by: agentAda });
    assert.deepEqual(lockLines(hub).slice(0, 2), lock.trim().split('\n'));
    await ledger.complete({ token });
    assert.equal(hub.git(['show', 'main:_AGENTS/sessions/sessions.lock']), lock.trim());
  });
});

describe('while main is busy', () => {
  /** Has the turn at main, as another process would. */
  async function busyHub(t: TestContext) {
    const { hub, ...rest } = handHub(t);
    const ledger = await openLedger(t, hub);
    const turn = await FileLock.take(join(hub.directory, '.git/micelio-turn'), 0);
    assert.ok(turn);
    return { hub, ledger, turn, ...rest };
  }

  test('a claim is decided by its ref, and recorded afterwards', async (t) => {
    const { hub, ledger, turn } = await busyHub(t);
    const refused = assert.rejects(ledger.claim({ slug: one, by: agentAda }), ClaimLost);
    while (claimOn(hub, one) === undefined) await sleep(10);
    const other = await openLedger(t, hub);
    await assert.rejects(other.claim({ slug: one, by: agentBob }), ClaimLost);
    // It may be taken over before it is recorded, and its first holder finds that.
    const taking = other.takeOver({ slug: one, by: agentBob, mode: 'now' });
    while (claimOn(hub, one)?.fencing !== 2) await sleep(10);
    assert.deepEqual(folderNames(hub, 'active'), []);
    await turn.release();
    await Promise.all([refused, taking]);
    assert.deepEqual(folderNames(hub, 'active'), [one]);
    assert.equal(subjects(hub)[0], `[${one}] session: claim by Bob`);
    assert.equal(lockLines(hub).length, 1);
  });

  test('a claim is renewed, however long something else waits for its turn', async (t) => {
    const { hub, ledger, turn } = await busyHub(t);
    const claiming = ledger.claim({ slug: one, by: agentAda });
    while (claimOn(hub, one) === undefined) await sleep(10);
    const { slug, id, nonce } = claimOn(hub, one)!;
    const renewing = ledger.renew({ slug, id });
    while (claimOn(hub, one)?.nonce === nonce) await sleep(10);
    assert.equal((await renewing).value.id, id);
    assert.deepEqual(folderNames(hub, 'active'), []);
    await turn.release();
    assert.equal((await claiming).value.id, id);
    assert.deepEqual(folderNames(hub, 'active'), [one]);
    // The same with what no ref of a claim decides.
    const again = await FileLock.take(join(hub.directory, '.git/micelio-turn'), 1000);
    assert.ok(again);
    const files = [fileEdit('notes.md' as FileName, 'x')];
    const editing = ledger.edit({ slug: one, by: agentAda, message: 'docs: x', files });
    await sleep(50);
    await ledger.renew({ slug, id });
    assert.equal(await Promise.race([editing, sleep(10)]), undefined);
    await again.release();
    await editing;
  });

  test('a claim that somebody else has recorded does not wait for its turn', async (t) => {
    const { hub, ledger, turn, move, appendLine } = await busyHub(t);
    const file = join(hub.directory, '.git/micelio-turn');
    const held = statSync(file).mtimeMs;
    const claim = ledger.claim({ slug: one, by: agentAda });
    let claimed = claimOn(hub, one);
    for (; claimed === undefined; claimed = claimOn(hub, one)) await sleep(10);
    move(one, 'planned', 'active');
    assert.equal(await Promise.race([claim, sleep(100)]), undefined, 'its line is not there yet');
    appendLine(one, Math.floor(claimed.claimedMs / 1000));
    assert.equal((await claim).value.claimedMs, claimed.claimedMs);
    assert.equal(statSync(file).mtimeMs, held, 'the turn is still that of the other one');
    await turn.release();
  });

  test('a line written by hand still comes first', async (t) => {
    const { hub, ledger, turn, appendLine } = await busyHub(t);
    appendLine(one, 1_760_000_000);
    await assert.rejects(ledger.claim({ slug: one, by: agentBob }), ClaimLost);
    await turn.release();
    await ledger.mend();
    assert.equal(claimOn(hub, one)?.agent?.name, 'Ada');
  });
});

describe('the ledger says no', () => {
  test('where a hook refuses, in its words', async (t) => {
    const hub = scratchHub(t, [one]);
    const hook = `${hub.directory}/hooks/reference-transaction`;
    writeFileSync(
      hook,
      '#!/bin/sh\n[ "$1" = prepared ] && echo no claims on Fridays >&2 && exit 1\nexit 0\n',
    );
    chmodSync(hook, 0o755);
    const ledger = await openLedger(t, hub);
    const refused = { code: 'ledger/refused', message: /no claims on Fridays/ };
    await assert.rejects(ledger.claim({ slug: one, by: agentAda }), refused);
  });
});
