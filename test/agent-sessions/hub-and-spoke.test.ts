import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { dated, hubWith } from './described.ts';

/** As `described.ts` says: the examples of the document about hub and spokes. */
describe('hub and spoke', () => {
  test('example 1: create session, work, complete', async () => {
    const scratch = await hubWith('implement-feature-x');
    await scratch.git(['init', '--quiet', '--bare', 'cloud.git'], scratch.directory);
    await scratch.git(['remote', 'add', 'origin', '../cloud.git'], scratch.hub);
    const { stdout } = await scratch.bash(`
# 1. Create session
# ./claim-session implement-feature-x       the scripts are in _AGENTS/sessions/_bin; a name has a date
_AGENTS/sessions/_bin/claim-session 2025-10-14-implement-feature-x

# 2. Work in session
cd .sessions/2025-10-14-implement-feature-x
source .session-env

# Make changes
echo 'def x(): pass' > feature.py
git add feature.py
# git commit -m "Implement feature X"       the other document wants the session and a type, and the hook too
if git commit -m "Implement feature X"; then exit 9; fi
git commit -m "[$SESSION_SLUG] feat: implement feature X"

# 3. Push to main (local)
git push upstream session/2025-10-14-implement-feature-x

# 4. Complete session
cd ../..
_AGENTS/sessions/_bin/complete-session 2025-10-14-implement-feature-x

# 5. Sync main to cloud (when ready)
# git push origin session/implement-feature-x   the branch goes at completion, says the other document: main has it
git push origin main
`);
    assert.match(stdout, /Completed 2025-10-14-implement-feature-x: its changes are on main, as/);
    assert.equal(scratch.read('feature.py'), 'def x(): pass\n');
    assert.ok(!existsSync(join(scratch.hub, '.sessions', dated('implement-feature-x'))));
    assert.equal(await scratch.says('status', '--porcelain'), '');
    assert.equal(await scratch.says('rev-parse', 'origin/main'), await scratch.says('rev-parse', 'main'));
    assert.equal(
      await scratch.says('log', '-1', '--skip=1', '--format=%an: %s', 'main'),
      'ada: [2025-10-14-implement-feature-x] feat: implement-feature-x',
    );
  });

  test('example 2: multiple parallel sessions', async () => {
    const scratch = await hubWith('feature-a', 'feature-b', 'feature-c');
    await scratch.bash(`
# Three developers, three features
_AGENTS/sessions/_bin/claim-session 2025-10-14-feature-a
_AGENTS/sessions/_bin/claim-session 2025-10-14-feature-b
_AGENTS/sessions/_bin/claim-session 2025-10-14-feature-c

# Each works independently
for x in a b c; do
  (cd .sessions/2025-10-14-feature-$x && echo $x > $x.py && git add $x.py \\
    && git commit -q -m "[2025-10-14-feature-$x] feat: add $x" \\
    && git push -q upstream session/2025-10-14-feature-$x)
done
`);
    const branches = await scratch.says('branch', '--list', 'session/*', '--format=%(refname:short)');
    assert.deepEqual(
      branches.split('\n'),
      ['a', 'b', 'c'].map((x) => `session/${dated(`feature-${x}`)}`),
    );
    const completions = ['a', 'b', 'c'].map(
      (x) => `_AGENTS/sessions/_bin/complete-session ${dated(`feature-${x}`)} &`,
    );
    await scratch.bash(`${completions.join('\n')}\nwait`);
    for (const x of ['a', 'b', 'c']) assert.equal(scratch.read(`${x}.py`), `${x}\n`);
    assert.equal(await scratch.says('rev-list', '--merges', '--count', 'main'), '0');
    assert.equal(await scratch.says('branch', '--list', 'session/*'), '');
  });

  test('example 3: stay in sync with main', async () => {
    const scratch = await hubWith('my-feature');
    await scratch.bash(`
_AGENTS/sessions/_bin/claim-session 2025-10-14-my-feature
echo two > README.md && git commit -qam 'Two'
# In session
cd .sessions/2025-10-14-my-feature

# Fetch updates from main repo
git fetch upstream

# Merge main changes into session
git merge upstream/main
test "$(cat README.md)" = two

# Or rebase session on latest main
echo mine > mine.py && git add mine.py && git commit -qm '[2025-10-14-my-feature] feat: mine'
(cd ../.. && echo three > README.md && git commit -qam 'Three')
git fetch upstream
git rebase upstream/main
test "$(cat README.md)" = three
`);
  });
});
