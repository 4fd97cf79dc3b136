import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type ScratchRepository, scratchGit } from '../../git/scratch-repository.ts';
import { agentAda, agentBob, projectFiles } from '../../ledger/git/fixtures.ts';
import { GitLedger } from '../../ledger/git/git-ledger.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import type { FileName } from '../../tree/path.ts';
import { assertUsable, byOrigin, clone, commits, hub, init, refused, show } from './init-fixtures.ts';

const slug = parseSlug('2025-10-14-first');
const byThis = { authority: { kind: 'this' } } as const;

async function open(t: TestContext, { directory }: ScratchRepository): Promise<GitLedger> {
  const ledger = await GitLedger.open(scratchGit, directory, { machine: 'here' });
  t.after(() => ledger.close());
  return ledger;
}

/** Drafts the session and lets it be claimed. */
async function plan(ledger: GitLedger): Promise<void> {
  const files = [{ path: 'SESSION.md' as FileName, change: () => Buffer.from('# Session: x\n') }];
  await ledger.draft({ slug, by: agentAda, files });
  await ledger.move({ slug, by: agentAda, event: 'plan' });
}

const settingsOf = (scratch: ScratchRepository) =>
  JSON.parse(show(scratch, '_AGENTS/sessions/_config/settings.json')) as Record<string, unknown>;

/** Two clones of one remote, as two people have them who follow the same instructions. */
function twoClones(t: TestContext) {
  const origin = hub(t);
  return { origin, ada: clone(t, origin), bob: clone(t, origin) };
}

describe('one repository decides about a session', () => {
  test('of two clones that were both initialised, one claims it, and the other says why it does not', async (t) => {
    const { ada, bob } = twoClones(t);
    const { decider, remotes } = await init(ada.directory);
    assert.deepEqual([decider, remotes], [{ kind: 'this' }, ['origin']]);
    const [here, claim] = [await open(t, ada), { slug, by: agentAda }];
    await plan(here);
    ada.git(['push', '-q', 'origin', 'main']);
    bob.git(['pull', '-q', 'origin', 'main']);
    const second = await init(bob.directory);
    assert.deepEqual([second.decider, second.commit], [{ kind: 'another' }, undefined]);

    const there = await open(t, bob);
    await refused(
      there.claim({ slug, by: agentBob }),
      'ledger/not-decided-here',
      /mic init --authority origin/,
    );
    // It can be read, though.
    assert.equal((await there.session(slug)).state, 'planned');
    assert.equal(bob.git(['for-each-ref', 'refs/claims']), '');
    await here.claim(claim);
  });

  test('which of those who begin apart is said once their mains are one', async (t) => {
    const { ada, bob } = twoClones(t);
    await init(ada.directory);
    await init(bob.directory);
    assert.notDeepEqual(settingsOf(ada), settingsOf(bob));
    ada.git(['push', '-q', 'origin', 'main']);
    assert.throws(() => bob.git(['pull', '-q', '--no-rebase', 'origin', 'main']));
    assert.equal(
      bob.git(['diff', '--name-only', '--diff-filter=U']),
      '_AGENTS/sessions/_config/settings.json',
    );
    bob.git(['checkout', '-q', '--theirs', '.']);
    bob.git(['commit', '-qam', 'theirs']);
    await refused(plan(await open(t, bob)), 'ledger/not-decided-here', /clone/);
  });

  test('of those who begin at once in one repository, all find the same', async (t) => {
    const scratch = hub(t);
    await Promise.all([1, 2, 3, 4].map(() => init(scratch.directory)));
    assert.equal(commits(scratch), '2');
    await assertUsable(t, scratch.directory);
  });

  test('nobody, where that was never said and there is a remote by which others may have it', async (t) => {
    const { origin, ada } = twoClones(t);
    ada.commit(handLaid);
    ada.git(['reset', '-q', '--hard', 'main']);
    const ledger = await open(t, ada);
    assert.deepEqual(ledger.decider, { kind: 'nobody', remotes: ['origin'] });
    await refused(plan(ledger), 'ledger/not-decided-here', /mic init --authority local/);
    assert.deepEqual((await init(ada.directory)).decider, { kind: 'nobody', remotes: ['origin'] });
    await init(ada.directory, byThis);
    await assertUsable(t, ada.directory);
    // Without a remote there is nobody else.
    const alone = hub(t);
    alone.commit(handLaid);
    await assertUsable(t, alone.directory);
    assert.equal(commits(origin), '1');
  });
});

/** A project that was laid out by hand. */
const handLaid = projectFiles([], {});

describe('who decides is changed', () => {
  test('from a repository to the remote, and back; whoever had it open does not go on as before', async (t) => {
    const { origin, ada, bob } = twoClones(t);
    await init(ada.directory);
    ada.git(['push', '-q', 'origin', 'main']);
    const before = await open(t, ada);
    await init(ada.directory, byOrigin);
    await refused(plan(before), 'ledger/authority-changed', /Do it again/);
    bob.git(['pull', '-q', 'origin', 'main']);
    const there = await open(t, bob);
    await plan(there);
    assert.deepEqual(settingsOf(origin), { authority: 'origin' });

    const { value: token } = await there.claim({ slug, by: agentBob });
    await refused(init(ada.directory, byThis), 'ledger/in-use', /2025-10-14-first \(Bob\)/);
    await there.release({ token });
    const { decider, via } = await init(ada.directory, byThis);
    assert.deepEqual([decider, via], [{ kind: 'this' }, 'origin']);
    await refused(there.claim({ slug, by: agentBob }), 'ledger/authority-changed', /git pull/);
    await refused((await open(t, bob)).claim({ slug, by: agentBob }), 'ledger/not-decided-here', /clone/);
    await (await open(t, ada)).claim({ slug, by: agentAda });
    assert.equal(origin.git(['rev-parse', 'main']), ada.git(['rev-parse', 'main~1']));
  });

  test('from another repository only where it is said to be gone', async (t) => {
    const { ada, bob } = twoClones(t);
    await init(ada.directory);
    ada.git(['push', '-q', 'origin', 'main']);
    bob.git(['pull', '-q', 'origin', 'main']);
    for (const wish of [byThis, byOrigin])
      await refused(init(bob.directory, wish), 'ledger/in-use', /gone for good.*--take-over/s);
    const report = await init(bob.directory, { ...byThis, another: 'take over' });
    assert.deepEqual(report.decider, { kind: 'this' });
    await assertUsable(t, bob.directory);
  });

  test('in no other field of the settings', async (t) => {
    const scratch = hub(t);
    const own = { verify: 'true', leaseMinutes: 5, ours: [1] };
    scratch.commit(projectFiles([], own));
    await init(scratch.directory, byThis);
    const { authority, ...rest } = settingsOf(scratch);
    assert.deepEqual(rest, own);
    assert.match(String(authority), /^local:[0-9a-z]{16}$/);
  });
});
