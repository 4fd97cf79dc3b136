import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { hashOf } from '../../base/hash.ts';
import type { ScratchRepository } from '../../git/scratch-repository.ts';
import { subjects } from '../../ledger/git/fixtures.ts';
import type { GitWorkspace } from '../../workspace/git/workspace-record.ts';
import { type CompletionRequest, completeSession, landSession } from './complete.ts';
import { git, hubOf, placed, request, sessionsOf, slug } from './fixtures.ts';
import { criteriaChanged } from './plan-overrides.ts';
import { driftOfSession } from './session-work.ts';
import { syncSession } from './sync-session.ts';

const path = `_AGENTS/sessions/active/${slug}/SESSION.md`;
const fast = '- [ ] It is fast\n';

async function setUp(t: TestContext, bare = true) {
  const hub = hubOf(t, { bare });
  const sessions = await sessionsOf(t, hub);
  const workspace = await placed(sessions);
  const claimed = planIn(workspace);
  const complete = (more: Partial<CompletionRequest> = {}) =>
    completeSession(sessions, request({ unmet: undefined, ...more }));
  return { hub, sessions, workspace, claimed, complete };
}

function planIn({ directory }: GitWorkspace): string {
  return readFileSync(join(directory, path), 'utf8');
}

/** Commits another plan in a workspace, past all hooks. */
function write({ directory }: GitWorkspace, text: string, message: string): void {
  rmSync(join(directory, path), { force: true });
  writeFileSync(join(directory, path), text);
  git(directory, 'add', path);
  git(directory, 'commit', '-q', '--no-verify', '-m', `[${slug}] ${message}`);
}

/** The same on main, as somebody who works in the hub. */
function writeOnMain(hub: ScratchRepository, text: string, message: string): void {
  writeFileSync(join(hub.directory, path), text);
  git(hub.directory, '-c', 'user.name=Eve', '-c', 'user.email=e@x', 'commit', '-qam', message);
}

const shown = (hub: ScratchRepository, name: string, state = 'completed') =>
  hub.git(['show', `main:_AGENTS/sessions/${state}/${slug}/${name}`]);
const refusedBy = (message: RegExp) => ({ code: 'session/rules-broken', message });

describe('an override of a plan', () => {
  test('is on main for good: a commit of its own, and who, when, why and what in the worklog', async (t) => {
    const { hub, sessions, workspace, claimed, complete } = await setUp(t);
    const mended = claimed.replace(fast, '- [ ] It is quiet\n');
    write(workspace, mended, 'OVERRIDE: speed was never asked for');
    const assertDrift = async () => {
      const { criteria, overrides } = await driftOfSession(sessions, slug);
      assert.deepEqual(criteria.open, ['It is fast'], 'measured by what was claimed');
      assert.deepEqual(
        overrides.map((override) => [override.why, criteriaChanged(override)]),
        [['speed was never asked for', { removed: ['It is fast'], added: ['It is quiet'] }]],
      );
    };
    await assertDrift();
    // The active plan has what was claimed, and not yet what is asked for now.
    await assert.rejects(complete(), {
      code: 'session/criteria-open',
      message: /:\n {2}- It is quiet\nMeet/,
    });
    await complete({ unmet: 'nobody listened' });
    await assertDrift();
    const [before, after] = [claimed, mended].map((text) => hashOf(Buffer.from(text)));
    assert.deepEqual(subjects(hub, 3), [
      `[${slug}] session: complete by Grace`,
      `[${slug}] OVERRIDE: speed was never asked for`,
      `[${slug}] session: claim by Grace`,
    ]);
    const commit = hub.git(['log', '-1', '--skip=1', '--format=%an%n%B', 'main']);
    assert.match(commit, /^Grace\n/);
    assert.match(commit, /Criterion removed: It is fast; Criterion added: It is quiet/);
    assert.match(
      commit,
      new RegExp(`^Session: ${slug}\nAgent: .*\nPlan-Before: ${before}\nPlan-After: ${after}$`, 'm'),
    );
    assert.equal(hub.git(['show', `main~1:${path}`]), mended.trim());
    const line = new RegExp(
      `Grace\n\nThe plan was overridden:\n\n- \\d{4}.*Z, Grace <.*>: speed was never asked for; .*sha256 ${before}, is ${after}; `,
    );
    assert.match(shown(hub, 'worklog.md'), line);
    assert.match(shown(hub, 'SESSION.md'), /\[ \] It is quiet[\s\S]*Not met: It is quiet\. nobody listened/);
    assert.doesNotMatch(shown(hub, 'SESSION.md'), /fast$/m);
  });

  test('adds criteria that count, and its ticked boxes do not', async (t) => {
    const { workspace, claimed, complete } = await setUp(t);
    write(workspace, `${claimed.replace('[ ]', '[x]')}- [x] It is quiet\n`, 'OVERRIDE: both are done');
    await assert.rejects(complete(), { message: /- It is fast\n {2}- It is quiet\n/ });
  });

  test('comes to main with what lands, once, and another one follows it', async (t) => {
    const { hub, sessions, workspace, claimed, complete } = await setUp(t, false);
    write(workspace, `${claimed}- [ ] It is quiet\n`, 'OVERRIDE: hear, hear');
    const checkedOut = join(hub.directory, path);
    const land = () => landSession(sessions, { slug, message: undefined });
    const landed = await land();
    assert.deepEqual(landed.outcome === 'completed' && landed.overridden, ['hear, hear']);
    assert.equal(readFileSync(checkedOut, 'utf8'), `${claimed}- [ ] It is quiet\n`);
    assert.equal(statSync(checkedOut).mode & 0o777, 0o444);
    assert.match(shown(hub, 'worklog.md', 'active'), /hear, hear/);
    const again = await land();
    assert.deepEqual(again.outcome === 'completed' && again.overridden, []);
    write(workspace, `${claimed}- [ ] It is calm\n`, 'OVERRIDE: rather this');
    write(workspace, claimed, 'OVERRIDE: neither');
    await complete({ unmet: 'so it is' });
    const made = subjects(hub, 4).filter((subject) => subject.includes('OVERRIDE'));
    assert.deepEqual(made, [`[${slug}] OVERRIDE: neither`, `[${slug}] OVERRIDE: hear, hear`]);
    const worklog = shown(hub, 'worklog.md');
    for (const why of ['hear, hear', 'rather this', 'neither'])
      assert.equal(worklog.split(`: ${why};`).length, 2, why);
    assert.equal(shown(hub, 'SESSION.md').includes('quiet'), false);
  });

  test('may be made on main by hand', async (t) => {
    const { hub, claimed, complete } = await setUp(t, false);
    chmodSync(join(hub.directory, path), 0o644);
    writeOnMain(hub, claimed.replace(fast, '- [ ] It is quiet\n'), `[${slug}] OVERRIDE: Fix critical error`);
    await assert.rejects(complete(), { message: /- It is quiet\n/ });
    await complete({ unmet: 'no' });
    assert.match(shown(hub, 'worklog.md'), /Z, Eve <e@x>: Fix critical error; .*removed: It is fast/);
  });
});

describe('a plan that was changed without an override', () => {
  test('is refused in the commits of the session, whatever else overrides it', async (t) => {
    const { hub, sessions, workspace, claimed, complete } = await setUp(t);
    const main = hub.git(['rev-parse', 'main']);
    const refused = async () => {
      await assert.rejects(complete({ unmet: 'x' }), refusedBy(/change its plan.*\n.* docs: sneak\n/));
      await assert.rejects(landSession(sessions, { slug, message: undefined }), refusedBy(/docs: sneak/));
      assert.equal(hub.git(['rev-parse', 'main']), main);
    };
    write(workspace, '# Session: Start faster\n', 'docs: sneak');
    await refused();
    git(
      workspace.directory,
      'commit',
      '-q',
      '--no-verify',
      '--allow-empty',
      '-m',
      `[${slug}] OVERRIDE: trust me`,
    );
    await refused();
    write(workspace, `${claimed}\nMore.\n`, 'OVERRIDE: it was wrong');
    await refused();
    git(workspace.directory, 'rm', '-q', path);
    git(workspace.directory, 'commit', '-q', '--no-verify', '-m', `[${slug}] OVERRIDE: no plan, no criteria`);
    await assert.rejects(complete({ unmet: 'x' }), refusedBy(/was removed/));
    // Put back as it was, it counts for nothing what happened in between.
    write(workspace, claimed, 'docs: put it back');
    await complete({ unmet: 'x' });
  });

  test('is refused on main, whatever was said earlier or of another file', async (t) => {
    const { hub, claimed, complete } = await setUp(t, false);
    chmodSync(join(hub.directory, path), 0o644);
    writeOnMain(hub, `${claimed}\nMore.\n`, `docs: [${slug}] OVERRIDE: said in passing`);
    await assert.rejects(complete({ unmet: 'x' }), refusedBy(/by Eve, "docs: \[.*said in passing"/));
    writeOnMain(hub, `${claimed}\nEven more.\n`, `[${slug}] OVERRIDE: all of it`);
    await assert.rejects(complete({ unmet: 'x' }), refusedBy(/said in passing/));
    writeOnMain(hub, claimed, 'put back');
    await complete({ unmet: 'x' });
  });

  test('between the check and the archive is checked again', async (t) => {
    const { hub, sessions, claimed, complete } = await setUp(t, false);
    chmodSync(join(hub.directory, path), 0o644);
    const { ledger } = sessions;
    const whole = ledger.complete.bind(ledger);
    const meanwhile = [
      () => writeOnMain(hub, `${claimed}- [ ] It is quiet\n`, `[${slug}] OVERRIDE: quick`),
      () => writeOnMain(hub, `${claimed}\nMore.\n`, `[${slug}] docs: sneak`),
    ];
    t.mock.method(ledger, 'complete', (...args: Parameters<typeof whole>) => {
      meanwhile.shift()?.();
      return whole(...args);
    });
    await assert.rejects(complete({ unmet: 'x' }), refusedBy(/docs: sneak/));
    writeOnMain(hub, claimed, 'put back');
    meanwhile.push(() => writeOnMain(hub, `${claimed}- [ ] It is quiet\n`, `[${slug}] OVERRIDE: late`));
    await complete({ unmet: 'x' });
    assert.match(shown(hub, 'SESSION.md'), /Not met: It is fast; It is quiet\. x/);
    assert.match(shown(hub, 'worklog.md'), /Eve <e@x>: late;/);
  });

  test('in a session and on main has to be brought together', async (t) => {
    const { hub, sessions, workspace, claimed, complete } = await setUp(t, false);
    chmodSync(join(hub.directory, path), 0o644);
    writeOnMain(hub, `${claimed}\nTheirs.\n`, `[${slug}] OVERRIDE: theirs`);
    write(workspace, claimed.replace('bug', 'docs'), 'OVERRIDE: ours');
    await assert.rejects(complete({ unmet: 'x' }), refusedBy(/sync .* --rebase/));
    await syncSession(sessions, slug, 'rebase');
    assert.equal(statSync(join(workspace.directory, path)).mode & 0o777, 0o444);
    await complete({ unmet: 'x' });
    assert.match(shown(hub, 'SESSION.md'), /\*\*Type:\*\* docs[\s\S]*Theirs\./);
    assert.match(shown(hub, 'worklog.md'), /: theirs;[\s\S]*: ours;/);
  });
});
