import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { hashOf } from '../../base/hash.ts';
import { Git } from '../../git/git-process.ts';
import type { ObjectId } from '../../git/object-id.ts';
import {
  file,
  ScratchRepository,
  scratchEnvironment,
  scratchGit,
  temporaryDirectory,
} from '../../git/scratch-repository.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import type { FileName, TreePath } from '../../tree/path.ts';
import {
  agentAda,
  agentBob,
  folderNames,
  handClock,
  lockLines,
  openLedger,
  projectFiles,
  scratchHub,
  slugs,
  subjects,
} from './fixtures.ts';
import { GitLedger } from './git-ledger.ts';
import { ClaimLost } from './git-ledger-error.ts';
import { fileEdit } from './session-moves.ts';

const [one, two] = slugs(2) as [ReturnType<typeof parseSlug>, ReturnType<typeof parseSlug>];
const worklog = 'worklog.md' as FileName;

describe('a session in a git repository', () => {
  test('goes from draft to done, one commit a move, each by who did it', async (t) => {
    const hub = scratchHub(t, []);
    const clock = handClock();
    const ledger = await openLedger(t, hub, { clock });
    const slug = parseSlug('2025-10-14-auth-system');
    const plan = '# Session: auth\n';
    await ledger.draft({ slug, by: agentAda, files: [fileEdit('SESSION.md' as FileName, plan)] });
    await ledger.move({ slug, by: agentAda, event: 'plan' });
    await ledger.move({ slug, by: agentAda, event: 'revise' });
    await ledger.move({ slug, by: agentAda, event: 'plan' });
    const { value: claim } = await ledger.claim({ slug, by: agentBob });
    assert.equal(claim.plan, hashOf(Buffer.from(plan)));
    assert.deepEqual(lockLines(hub), [`${slug}:${clock.now() / 1000}`]);
    assert.deepEqual(folderNames(hub, 'active'), [slug]);
    const append = (text: string) => ({
      path: worklog,
      change: (before: Buffer | undefined) => Buffer.from((before?.toString() ?? '') + text),
    });
    await ledger.edit({ slug, by: agentBob, token: claim, message: 'docs: log', files: [append('one\n')] });
    await ledger.edit({ slug, by: agentBob, token: claim, message: 'docs: log', files: [append('two\n')] });
    const patch = fileEdit(`${slug}.patch` as FileName, 'diff\n');
    await ledger.complete({ token: claim, files: [patch] });
    assert.deepEqual(lockLines(hub), []);
    assert.deepEqual(folderNames(hub, 'completed'), [slug]);
    assert.equal(hub.git(['show', `main:_AGENTS/sessions/completed/${slug}/worklog.md`]), 'one\ntwo');
    assert.equal(hub.git(['for-each-ref', 'refs/claims']), '');
    assert.deepEqual(hub.git(['log', '-8', '--format=%an <%ae>|%cn|%s', 'main']).split('\n'), [
      `Bob <bob@example.org>|Bob|[${slug}] session: complete by Bob`,
      `Bob <bob@example.org>|Bob|[${slug}] docs: log`,
      `Bob <bob@example.org>|Bob|[${slug}] docs: log`,
      `Bob <bob@example.org>|Bob|[${slug}] session: claim by Bob`,
      `Ada <ada@example.org>|Ada|[${slug}] session: plan`,
      `Ada <ada@example.org>|Ada|[${slug}] session: revise`,
      `Ada <ada@example.org>|Ada|[${slug}] session: plan`,
      `Ada <ada@example.org>|Ada|[${slug}] session: draft`,
    ]);
    assert.equal(hub.git(['fsck', '--strict', '--no-dangling']), '');
    await assert.rejects(ledger.claim({ slug, by: agentAda }), { code: 'session/forbidden-move' });
  });

  test('refuses moves that its state does not have, and says why', async (t) => {
    const ledger = await openLedger(t, scratchHub(t, [one]));
    await assert.rejects(ledger.move({ slug: one, by: agentAda, event: 'plan' }), /planned already/);
    await assert.rejects(ledger.takeOver({ slug: one, by: agentAda, mode: 'now' }), /nobody has started it/);
    await assert.rejects(ledger.claim({ slug: two, by: agentAda }), { code: 'session/not-found' });
    await assert.rejects(ledger.draft({ slug: one, by: agentAda }), { code: 'session/exists' });
    await assert.rejects(ledger.reopen({ slug: one, by: agentAda }), /never abandoned/);
  });

  test('several moves that wait go together: a commit each, and one move of main', async (t) => {
    const all = slugs(10);
    const hub = scratchHub(t, all);
    hub.git(['config', 'core.logAllRefUpdates', 'always']);
    const ledger = await openLedger(t, hub);
    const done = await Promise.all(all.map((slug) => ledger.claim({ slug, by: agentAda })));
    assert.deepEqual(
      done.map(({ value }) => value.slug),
      all,
    );
    assert.equal(hub.git(['rev-list', '--count', 'main']), '11');
    assert.equal(hub.git(['reflog', 'show', 'main']).split('\n').length, 1);
    assert.equal(lockLines(hub).length, 10);
  });

  test('one that cannot be done does not keep the others', async (t) => {
    const ledger = await openLedger(t, scratchHub(t, [one]));
    const results = await Promise.allSettled([
      ledger.claim({ slug: two, by: agentAda }),
      ledger.edit({
        slug: one,
        by: agentAda,
        message: 'docs: x',
        files: [fileEdit('.git/x' as TreePath, '')],
      }),
      ledger.claim({ slug: one, by: agentAda }),
      ledger.claim({ slug: one, by: agentBob }),
    ]);
    assert.deepEqual(
      results.map((result) => (result.status === 'fulfilled' ? 'done' : result.reason.code)),
      ['session/not-found', 'git/path-refused', 'done', 'session/claim-lost'],
    );
  });

  test('gives a session back, and its next claim has the next number', async (t) => {
    const hub = scratchHub(t, [one]);
    const filesOfClaim = () => new Map([['.session-env' as FileName, Buffer.from('export A=1\n')]]);
    const ledger = await openLedger(t, hub, { filesOfClaim });
    const { value: first } = await ledger.claim({ slug: one, by: agentAda });
    assert.equal(hub.git(['show', `main:_AGENTS/sessions/active/${one}/.session-env`]), 'export A=1');
    await assert.rejects(ledger.claim({ slug: one, by: agentBob }), (error) => {
      assert.ok(error instanceof ClaimLost);
      assert.equal(error.holder?.agent.name, 'Ada');
      return true;
    });
    await ledger.release({ token: first });
    assert.deepEqual(lockLines(hub), []);
    assert.equal(hub.git(['ls-tree', '--name-only', `main:_AGENTS/sessions/planned/${one}`]), 'SESSION.md');
    const { value: second } = await ledger.claim({ slug: one, by: agentBob });
    assert.equal(second.fencing, first.fencing + 1);
    await assert.rejects(ledger.renew(first), ClaimLost);
    await assert.rejects(ledger.complete({ token: first }), ClaimLost);
  });

  test('is taken over once it has not been renewed for its time, and its old holder cannot land', async (t) => {
    const hub = scratchHub(t, [one]);
    const clock = handClock();
    const ledger = await openLedger(t, hub, { clock });
    const { value: late } = await ledger.claim({ slug: one, by: agentAda, leaseMs: 60_000 });
    const takeOver = () => ledger.takeOver({ slug: one, by: agentBob, mode: 'when-lapsed' });
    await assert.rejects(takeOver(), { code: 'session/claim-held' });
    clock.advance(50_000);
    await ledger.renew(late);
    clock.advance(59_000);
    await assert.rejects(takeOver(), { code: 'session/claim-held' });
    clock.advance(62_000);
    const { value } = await takeOver();
    assert.equal(value.because, 'not-renewed-while-watched');
    assert.equal(value.claim.fencing, 2);
    await assert.rejects(ledger.complete({ token: late }), ClaimLost);
    assert.equal(lockLines(hub)[0], `${one}:${Math.floor(clock.now() / 1000)}`);
    // Somebody who has never seen the claim goes by its own clock, and is more careful.
    const other = await openLedger(t, hub, { clock });
    clock.advance(31 * 60_000 + 9 * 60_000);
    const again = () => other.takeOver({ slug: one, by: agentAda, mode: 'when-lapsed' });
    await assert.rejects(again(), { code: 'session/claim-held' });
    clock.advance(2 * 60_000);
    const third = await openLedger(t, hub, { clock });
    const done = await third.takeOver({ slug: one, by: agentAda, mode: 'when-lapsed' });
    assert.equal(done.value.because, 'not-renewed-by-its-clock');
    await ledger.complete({ token: done.value.claim });
  });

  test('is taken over by a command that knows what an earlier one has seen, when that one said so', async (t) => {
    const hub = scratchHub(t, [one]);
    const clock = handClock();
    const holder = await openLedger(t, hub, { clock });
    const { value: token } = await holder.claim({ slug: one, by: agentAda, leaseMs: 60_000 });
    // Each is a command of its own, and forgets what is not noted.
    const takeOver = async (machine = 'here') => {
      const ledger = await openLedger(t, hub, { clock, machine });
      return ledger.takeOver({ slug: one, by: agentBob, mode: 'when-lapsed' });
    };
    const standing = async () => (await (await openLedger(t, hub, { clock })).session(one)).standing;
    clock.advance(20_000);
    const held = { code: 'session/claim-held' };
    const good = /the claim is good for 1 minute more\. .* you can take it over in 1 minute, on this machine/;
    await assert.rejects(takeOver(), { ...held, message: good });
    assert.deepEqual(await standing(), { standing: 'held', goodForMs: 40_000, lapsesInMs: 60_000 });
    clock.advance(20_000);
    await holder.renew(token);
    clock.advance(61_000);
    // Looked at only: that it was not renewed in time is noted now.
    assert.deepEqual(await standing(), { standing: 'held', goodForMs: -1000, lapsesInMs: 60_000 });
    clock.advance(40_000);
    const late = /was not renewed in time\. .* in 1 minute, on this/;
    await assert.rejects(takeOver(), { ...held, message: late });
    assert.deepEqual(await standing(), { standing: 'held', goodForMs: -41_000, lapsesInMs: 20_000 });
    clock.advance(21_000);
    // A machine that has not seen it goes by the holder's clock, and notes it.
    await assert.rejects(takeOver('elsewhere'), { ...held, message: /in 1 minute,/ });
    assert.equal((await takeOver()).value.because, 'not-renewed-while-watched');
  });

  test('is abandoned with a reason and comes back', async (t) => {
    const hub = scratchHub(t, [one]);
    const ledger = await openLedger(t, hub);
    const { value: claim } = await ledger.claim({ slug: one, by: agentAda });
    const abandon = { slug: one, by: agentBob, reason: 'Not needed.' };
    await assert.rejects(ledger.abandon(abandon), { code: 'session/claim-held' });
    await ledger.abandon({ ...abandon, by: agentAda, token: claim });
    assert.match(
      hub.git(['show', `main:_AGENTS/sessions/abandoned/${one}/abandoned.md`]),
      /Ada: Not needed\./,
    );
    assert.deepEqual(lockLines(hub), []);
    const { value: again } = await ledger.reopen({ slug: one, by: agentBob });
    assert.equal(again.fencing, 2);
    assert.equal((await ledger.session(one)).state, 'active');
    await assert.rejects(ledger.renew(claim), ClaimLost);
  });

  test('keeps its plan while it is worked on, but for emergencies', async (t) => {
    const ledger = await openLedger(t, scratchHub(t, [one]));
    const plan = [fileEdit('SESSION.md' as FileName, 'other\n')];
    await ledger.edit({ slug: one, by: agentAda, message: 'docs: plan', files: plan });
    const { value: token } = await ledger.claim({ slug: one, by: agentAda });
    const edit = {
      slug: one,
      by: agentAda,
      token,
      message: 'OVERRIDE: x',
      files: [fileEdit(plan[0]!.path, 'x')],
    };
    await assert.rejects(ledger.edit(edit), { code: 'session/plan-frozen' });
    await ledger.edit({ ...edit, plan: 'override' });
    assert.equal((await ledger.files([one], 'SESSION.md' as FileName)).get(one)?.toString(), 'x');
  });

  test('is in conflict until that is resolved', async (t) => {
    const hub = scratchHub(t, [one]);
    const ledger = await openLedger(t, hub);
    const { value: token } = await ledger.claim({ slug: one, by: agentAda });
    await ledger.conflict({ token, report: 'src/a.c\n' });
    assert.equal((await ledger.session(one)).state, 'conflicted');
    await assert.rejects(ledger.release({ token }), { code: 'session/forbidden-move' });
    await ledger.resolve({ token });
    assert.equal((await ledger.session(one)).state, 'active');
    assert.deepEqual(subjects(hub, 2), [`[${one}] session: resolve`, `[${one}] session: conflict`]);
  });
});

describe('landing', () => {
  async function withCode(t: Parameters<typeof scratchHub>[0]) {
    const hub = scratchHub(t, [one, two]);
    const ledger = await openLedger(t, hub);
    const { value: token } = await ledger.claim({ slug: one, by: agentAda });
    const onto = await ledger.main();
    const commitOn = (parent: string, path: string) => {
      const index = temporaryDirectory(t);
      const blob = hub.blob('int new;\n');
      const run = (args: readonly string[]) => scratchGit.run(args, { indexFile: `${index}/index` });
      const at = `--git-dir=${hub.directory}`;
      return (async () => {
        await run([at, 'read-tree', parent]);
        await run([at, 'update-index', '--add', '--cacheinfo', `100644,${blob},${path}`]);
        const tree = (await run([at, 'write-tree'])).toString().trim();
        return hub.git(['commit-tree', tree, '-p', parent, '-m', `[${one}] feat: x`]) as ObjectId;
      })();
    };
    return { hub, ledger, token, onto, commitOn };
  }

  test('puts the changes and the done session on main at once', async (t) => {
    const { hub, ledger, token, onto, commitOn } = await withCode(t);
    const commit = await commitOn(onto, 'src/new.c');
    const { value } = await ledger.complete({ token, code: { commit, onto, beside: 'sessions' } });
    assert.deepEqual(value, { outcome: 'landed', code: commit });
    assert.equal(hub.git(['rev-parse', 'main~1']), commit);
    assert.equal(hub.git(['show', 'main:src/new.c']), 'int new;');
    assert.deepEqual(folderNames(hub, 'completed'), [one]);
  });

  test('on top of moves of other sessions needs no new merge', async (t) => {
    const { hub, ledger, token, onto, commitOn } = await withCode(t);
    const commit = await commitOn(onto, 'src/new.c');
    await ledger.claim({ slug: two, by: agentBob });
    const { value } = await ledger.land({ token, code: { commit, onto, beside: 'sessions' } });
    assert.equal(value.outcome, 'landed');
    assert.equal(hub.git(['diff', '--name-only', 'main~1', 'main']), 'src/new.c');
    assert.equal(hub.git(['log', '-1', '--format=%s', 'main']), `[${one}] feat: x`);
    assert.deepEqual([...folderNames(hub, 'active')].sort(), [one, two]);
    assert.equal((await ledger.session(one)).state, 'active');
  });

  test('on top of changes of other files does only where the commit was checked', async (t) => {
    const { hub, ledger, token, onto, commitOn } = await withCode(t);
    const commit = await commitOn(onto, 'src/new.c');
    hub.git(['update-ref', 'refs/heads/main', await commitOn(onto, 'src/other.c')]);
    const { value } = await ledger.complete({ token, code: { commit, onto, beside: 'sessions' } });
    assert.deepEqual(value, { outcome: 'main-moved', main: hub.git(['rev-parse', 'main']) });
    assert.deepEqual(folderNames(hub, 'active'), [one]);
    assert.equal((await ledger.session(one)).claim?.id, token.id);
    const again = await ledger.complete({ token, code: { commit, onto, beside: 'other files' } });
    assert.equal(again.value.outcome, 'landed');
    const main = hub.git(['ls-tree', '-r', '--name-only', 'main', 'src']);
    assert.equal(main, 'src/a.c\nsrc/new.c\nsrc/other.c');
    assert.equal(hub.git(['diff', '--name-only', 'main~2', 'main~1']), 'src/new.c');
    assert.equal(hub.git(['fsck', '--strict', '--no-dangling']), '');
  });

  test('does, too, where what it is checked by has changed', async (t) => {
    const { hub, ledger, token, onto, commitOn } = await withCode(t);
    const commit = await commitOn(onto, 'src/new.c');
    const settings = await commitOn(onto, '_AGENTS/sessions/_config/settings.json');
    hub.git(['update-ref', 'refs/heads/main', settings]);
    for (const beside of ['sessions', 'other files'] as const) {
      const { value } = await ledger.land({ token, code: { commit, onto, beside } });
      assert.equal(value.outcome, 'main-moved');
    }
  });

  test('on top of the same change does always', async (t) => {
    const { hub, ledger, token, onto, commitOn } = await withCode(t);
    const commit = await commitOn(onto, 'src/new.c');
    await ledger.edit({
      slug: two,
      by: agentBob,
      message: 'x',
      files: [fileEdit('notes.md' as FileName, 'x')],
    });
    hub.git(['update-ref', 'refs/heads/main', await commitOn('main', 'src/new.c')]);
    const before = hub.git(['rev-parse', 'main']);
    const { value } = await ledger.land({ token, code: { commit, onto, beside: 'other files' } });
    assert.deepEqual(value, { outcome: 'main-moved', main: before });
    assert.equal(hub.git(['rev-parse', 'main']), before);
  });
});

describe('opening a ledger', () => {
  test('needs a repository, a main, and sessions laid out', async (t) => {
    const open = (path: string) => GitLedger.open(scratchGit, path, { machine: 'here' });
    await assert.rejects(open(temporaryDirectory(t)), { code: 'ledger/no-hub' });
    const empty = ScratchRepository.create(t);
    await assert.rejects(open(empty.directory), { code: 'ledger/not-initialised' });
    empty.commit(new Map([['a', file('a')]]));
    const ledger = await openLedger(t, empty);
    await assert.rejects(ledger.claim({ slug: one, by: agentAda }), { code: 'ledger/not-initialised' });
    await assert.rejects(ledger.list(), { code: 'ledger/not-initialised' });
  });

  test('works from a linked worktree, and from a clone that knows its hub', async (t) => {
    const hub = scratchHub(t, [one, two], { bare: false });
    const linked = `${temporaryDirectory(t)}/linked`;
    hub.git(['worktree', 'add', '-q', '-b', 'session/x', linked]);
    const fromLinked = await GitLedger.open(scratchGit, linked, { machine: 'here' });
    t.after(() => fromLinked.close());
    await fromLinked.claim({ slug: one, by: agentAda });
    const spoke = ScratchRepository.create(t, { bare: false });
    spoke.git(['config', 'micelio.hub', hub.directory]);
    const fromSpoke = await openLedger(t, spoke);
    await fromSpoke.claim({ slug: two, by: agentAda });
    assert.deepEqual([...folderNames(hub, 'active')].sort(), [one, two]);
    assert.equal(hub.git(['status', '--porcelain']), '');
  });

  test('tells who reads at once, and whoever reads later looks again', async (t) => {
    const hub = scratchHub(t, [one]);
    const { git, looks } = watchedGit(t);
    const stateOfOne = async (ledger: GitLedger) => (await ledger.session(one)).state;
    const ledger = await GitLedger.open(git, hub.directory, { machine: 'here' });
    t.after(() => ledger.close());
    assert.equal(await stateOfOne(ledger), 'planned');
    assert.equal(looks(), 1);
    const idle = await openLedger(t, hub);
    await (await openLedger(t, hub)).claim({ slug: one, by: agentAda });
    assert.equal(await stateOfOne(ledger), 'active');
    assert.equal(await stateOfOne(idle), 'active');
    assert.equal(looks(), 1, 'one session is asked for without starting git');
    assert.equal((await ledger.list())[0]?.claim?.agent.name, 'Ada');
    assert.equal(looks(), 2);
  });

  test('refuses settings that it does not understand', async (t) => {
    const hub = scratchHub(t, [], { settings: { authority: '--upload-pack=x' } });
    await assert.rejects(openLedger(t, hub), { code: 'ledger/settings-invalid' });
  });

  test('also where objects are named by SHA-256', async (t) => {
    const hub = ScratchRepository.create(t, { format: 'sha256' });
    hub.commit(projectFiles([one]));
    const ledger = await openLedger(t, hub);
    const { value: token } = await ledger.claim({ slug: one, by: agentAda });
    await ledger.complete({ token });
    assert.deepEqual(folderNames(hub, 'completed'), [one]);
  });

  test('another root, another main', async (t) => {
    const hub = ScratchRepository.create(t);
    const files = Array.from(projectFiles([one]), ([path, content]) => {
      return [path.replace('_AGENTS', 'team/agents'), content] as const;
    });
    hub.commit(new Map(files));
    hub.git(['branch', '-m', 'main', 'trunk']);
    hub.git(['config', 'micelio.main', 'trunk']);
    hub.git(['config', 'micelio.root', 'team/agents']);
    const ledger = await openLedger(t, hub);
    await ledger.claim({ slug: one, by: agentAda });
    assert.match(hub.git(['show', 'trunk:team/agents/sessions/sessions.lock']), /task-0:\d+/);
  });
});

test('a list of a thousand sessions is read with the one git that runs already', async (t) => {
  const all = slugs(1000);
  const ledger = await openLedger(t, scratchHub(t, all));
  await ledger.claim({ slug: all[7]!, by: agentAda });
  const active = await ledger.list(['active']);
  assert.deepEqual(
    active.map(({ slug, claim }) => [slug, claim?.agent.name]),
    [[all[7], 'Ada']],
  );
  const list = await ledger.list();
  assert.equal(list.length, 1000);
  assert.equal((await ledger.files(all, 'SESSION.md' as FileName)).size, 1000);
  assert.equal(
    (await ledger.folder(all[1]!)).get('SESSION.md' as TreePath)?.toString(),
    `# Session: ${all[1]}\n`,
  );
});

/** A git that remembers how often it was asked for refs. */
function watchedGit(t: TestContext): { readonly git: Git; readonly looks: () => number } {
  const directory = temporaryDirectory(t);
  const asked = join(directory, 'asked');
  const script = join(directory, 'git');
  writeFileSync(script, `#!/bin/sh\necho "$2" >>"${asked}"\nexec git "$@"\n`);
  chmodSync(script, 0o755);
  const looks = () =>
    readFileSync(asked, 'utf8')
      .split('\n')
      .filter((word) => word === 'for-each-ref').length;
  return { git: new Git(scratchEnvironment, script), looks };
}
