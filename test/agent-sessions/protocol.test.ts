import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dated, hubWith } from './described.ts';

/** As `described.ts` says: the quick start, the override and the claim process of the document about the protocol. */
describe('the protocol', () => {
  test('quick start', async () => {
    const scratch = await hubWith('feature-x');
    await scratch.bash(`
# Claim and activate session
# ./_bin/claim-session 2025-10-14-feature-x
_AGENTS/sessions/_bin/claim-session 2025-10-14-feature-x
# Note: SESSION.md becomes read-only to preserve original plan
test "$(stat -c %a _AGENTS/sessions/active/2025-10-14-feature-x/SESSION.md)" = 444

# Activate session environment (in session clone)
cd .sessions/2025-10-14-feature-x
# source ../../sessions/active/2025-10-14-feature-x/.session-env      the root is _AGENTS/
source ../../_AGENTS/sessions/active/2025-10-14-feature-x/.session-env
test "$GIT_AUTHOR_NAME" = ada
test "$SESSION_SLUG" = 2025-10-14-feature-x

# Work on session (use worklog.md, active-plan.md for updates)...
test "$(stat -c %a _AGENTS/sessions/active/2025-10-14-feature-x/SESSION.md)" = 444
printf '\\nBy hand.\\n' >> _AGENTS/sessions/active/2025-10-14-feature-x/worklog.md
git add _AGENTS/sessions/ && git commit -m "[2025-10-14-feature-x] docs: update worklog"
echo x > src/x.c
git add src/ && git commit -m "[2025-10-14-feature-x] feat: implement feature"
mkdir -p _AGENTS/knowledge/sessions/2025-10-14-feature-x
echo 'Cold caches lie.' > _AGENTS/knowledge/sessions/2025-10-14-feature-x/learnings.md
# git add _AGENTS/knowledge/sessions/
git add _AGENTS/knowledge/sessions/ && git commit -m "[2025-10-14-feature-x] docs: capture learnings"
# KB canonical (only in KB merge sessions)
echo 'Warm them.' > _AGENTS/knowledge/caches.md
# git add _AGENTS/knowledge/ && git commit -m "[2025-10-14-feature-x] docs: merge KB learnings"      this is none
if (git add _AGENTS/knowledge/ && git commit -m "[2025-10-14-feature-x] docs: merge KB learnings"); then exit 9; fi
git rm -q -f _AGENTS/knowledge/caches.md

# Complete session (unlocks SESSION.md for final updates)
cd ../..
_AGENTS/sessions/_bin/complete-session 2025-10-14-feature-x
`);
    assert.equal(scratch.read('src/x.c'), 'x\n');
    const archived = `_AGENTS/sessions/completed/${dated('feature-x')}`;
    assert.match(scratch.read(`${archived}/worklog.md`) ?? '', /By hand\..*Completed\./s);
    assert.match(scratch.read(`${archived}/${dated('feature-x')}.patch`) ?? '', /^\+x$/m);
    assert.equal(scratch.read('_AGENTS/sessions/sessions.lock'), '');
    assert.equal(await scratch.stateOf(dated('feature-x')), 'completed');
    // Two-phase knowledge: a session that merges it is planned.
    const list = await scratch.json<{ slug: string; state: string }[]>(['session', 'list'], {
      in: scratch.hub,
    });
    assert.deepEqual(
      list.map(({ slug, state }) => [slug.replace(/\d{4}-\d\d-\d\d/, 'DATE'), state]),
      [['kb-DATE-merge-feature-x', 'planned']],
    );
    const merging = list[0]!.slug;
    await scratch.bash(`
_AGENTS/sessions/_bin/claim-session ${merging}
cd .sessions/${merging}
source .session-env
echo 'Warm them.' > _AGENTS/knowledge/caches.md
git add _AGENTS/knowledge/ && git commit -m "[${merging}] docs: merge KB learnings"
cd ../..
_AGENTS/sessions/_bin/complete-session ${merging} --unmet 'There was one learning'
`);
    assert.equal(scratch.read('_AGENTS/knowledge/caches.md'), 'Warm them.\n');
  });

  test('the emergency override leaves its trace', async () => {
    const scratch = await hubWith('feature-x');
    const slug = dated('feature-x');
    const { stdout } = await scratch.bash(`
mic session claim ${slug}
# chmod 644 sessions/active/{session-slug}/SESSION.md
cd .sessions/${slug}
chmod 644 _AGENTS/sessions/active/${slug}/SESSION.md
echo 'More.' >> _AGENTS/sessions/active/${slug}/SESSION.md
git add _AGENTS/sessions/active/${slug}/SESSION.md
if git commit -m "[${slug}] docs: change the plan"; then exit 9; fi
git commit -m "[${slug}] OVERRIDE: Fix critical SESSION.md error"
chmod 444 _AGENTS/sessions/active/${slug}/SESSION.md
mic session complete
`);
    assert.match(stdout, /\nIts plan was overridden, .*: Fix critical SESSION\.md error\n/);
    const archived = `_AGENTS/sessions/completed/${slug}`;
    assert.match(scratch.read(`${archived}/SESSION.md`) ?? '', /More\./);
    const override = `[${slug}] OVERRIDE: Fix critical SESSION.md error`;
    assert.ok((await scratch.says('log', '--format=%s', 'main')).split('\n').includes(override));
    assert.match(
      scratch.read(`${archived}/worklog.md`) ?? '',
      /overridden:\n\n- .*Fix critical.*sha256 \w{64}/,
    );
    const drift = await scratch.mic(['session', 'drift', slug], { in: scratch.hub });
    assert.match(drift.stdout, /^Overrides of the plan:\n {2}.*: Fix critical SESSION\.md error$/m);
  });

  test('the claim process by hand, with git alone', async () => {
    const scratch = await hubWith('feature-x');
    const slug = dated('feature-x');
    await scratch.bash(`
# 1. Pull latest: git pull origin main                     this hub is the origin
# 2. Check .agents/sessions.lock for availability          the lock is in _AGENTS/sessions
if grep -q '^${slug}:' _AGENTS/sessions/sessions.lock; then exit 9; fi
# 3. Add claim
echo "${slug}:$(date +%s)" >> _AGENTS/sessions/sessions.lock
# 4. Commit and push
git commit -qam "[${slug}] Claim session"
# 6. Move session to active
git mv _AGENTS/sessions/planned/${slug} _AGENTS/sessions/active/${slug}
git commit -qm "[${slug}] Activate session"
# 8. Create worktree with session branch
git worktree add -q -b session/${slug} .worktrees/${slug}
`);
    // Whoever changes the ledger next makes it a claim, and nobody else gets the session.
    await scratch.planned('another');
    const { agent } = await scratch.json<{ agent: { name: string } }>(['session', 'show', slug], {
      in: scratch.hub,
    });
    assert.equal(agent.name, 'Git Author');
    await scratch.mic(['session', 'claim', slug], { in: scratch.hub, exit: 9 });
  });
});
