import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { write } from '../mic.ts';
import { HubScratch } from './hub-scratch.ts';

describe('a session of a git repository', () => {
  test('is drafted, edited, planned, revised, claimed by what an agent can do, and recorded', async () => {
    const scratch = await HubScratch.create();
    const in_ = { in: scratch.hub };
    const { slug, plan } = await scratch.json<{ slug: string; plan: string }>(
      ['session', 'draft', 'Schnéller  Start!', '--criterion=It is fast', '--capability=TS, db'],
      in_,
    );
    assert.match(slug, /^\d{4}-\d\d-\d\d-schneller-start$/);
    // What is edited in the checkout and not committed goes along.
    write(join(scratch.hub, plan), `${scratch.read(plan)}\nEdited, see \`src/a.c\`.\n`);
    await scratch.mic(['session', 'ready', slug], in_);
    assert.equal(await scratch.says('status', '--porcelain'), '');
    assert.match(scratch.read(`_AGENTS/sessions/planned/${slug}/SESSION.md`) ?? '', /Edited, see/);
    assert.match(
      (await scratch.mic(['session', 'show', slug], in_)).stdout,
      /\nGoal:\n {2}Schnéller Start!\n\n/,
    );
    const silent = '# Session: Start\n\n## Problem\n\n<!-- What is wrong. -->\n';
    await scratch.mic(['session', 'revise', slug, '--from=-'], { ...in_, input: silent });
    const refused = await scratch.mic(['session', 'ready', slug], { ...in_, exit: 4 });
    assert.match(refused.stderr, /"## Problem" of _AGENTS\/sessions\/drafting\/.*\/SESSION\.md is empty/);
    assert.doesNotMatch((await scratch.mic(['session', 'show', slug], in_)).stdout, /Goal|<!--/);
    await scratch.mic(['session', 'revise', slug, '--from=-'], { ...in_, input: '# Session: Start\n' });
    const ready = await scratch.mic(['session', 'ready', slug], in_);
    assert.match(ready.stderr, /no acceptance criteria/);
    await scratch.mic(['session', 'revise', slug], in_);
    const text =
      '# Session: Start\n\n**Capabilities:** ts, db\n\n## Acceptance Criteria\n\n- [ ] It is fast\n';
    await scratch.mic(['session', 'revise', slug, '--from=-'], { ...in_, input: text });
    await scratch.mic(['session', 'ready', slug], in_);

    await scratch.mic(['session', 'claim', '--any', '--capability=ts'], { ...in_, exit: 10 });
    await scratch.mic(['session', 'claim', '--any', '--capability=db,TS,go', '--workspace=none'], in_);
    await scratch.mic(['session', 'claim', '--any', '--capability=db,ts'], { ...in_, exit: 10 });
    // The only session that this agent has here need not be named.
    await scratch.mic(['session', 'plan', 'Measure it'], in_);
    const planned = await scratch.json<{ parts: { title: string; entries: unknown[] }[] }>(
      ['session', 'plan', '--done=1', '--part=tasks'],
      in_,
    );
    assert.deepEqual(planned.parts, [{ title: 'Tasks', entries: [{ text: 'Measure it', done: true }] }]);
    await scratch.mic(['session', 'plan', '--done=7'], { ...in_, exit: 3 });
    await scratch.mic(['session', 'log', '-'], { ...in_, input: 'Measured.\n' });
    await scratch.mic(['session', 'decide', 'B', '--why=faster', '--instead=A'], in_);
    await scratch.mic(['session', 'note', 'The user agrees', '--author=eve'], in_);
    const sub = await scratch.json<{ slug: string }>(['session', 'subsession', 'Drop A'], in_);
    const shown = await scratch.json<{ files: Record<string, string>; subsessions: string[] }>(
      ['session', 'show', slug],
      in_,
    );
    assert.match(
      shown.files['worklog.md'] ?? '',
      /Measured\..*Decided: B\n\nBecause: faster\n\nInstead of: A.*, eve\n\nThe user agrees/s,
    );
    assert.deepEqual(shown.subsessions, [sub.slug]);
    const child = await scratch.json<{ fields: Record<string, string> }>(['session', 'show', sub.slug], in_);
    assert.equal(child.fields.Parent, slug);
    const drift = await scratch.json<{ criteria: { open: string[] } }>(['session', 'drift'], in_);
    assert.deepEqual(drift.criteria.open, ['It is fast']);
    await scratch.mic(['session', 'complete', slug], { ...in_, exit: 11 });
    await scratch.mic(['session', 'release', slug], in_);
    assert.equal(await scratch.stateOf(slug), 'planned');
  });

  test('meets a conflict, resumes, and lands in parts', async () => {
    const scratch = await HubScratch.create();
    const { slug, workspace } = await scratch.started('mine');
    await scratch.bash(`echo one > one && git add one && git commit -qm "[${slug}] feat: one"`, {
      in: workspace,
    });
    await scratch.mic(['land'], { in: workspace });
    assert.equal(scratch.read('one'), 'one\n');
    await scratch.bash(`echo 'int mine;' > src/a.c && git commit -qam "[${slug}] feat: mine"`, {
      in: workspace,
    });
    await scratch.bash(`echo 'int theirs;' > src/a.c && git commit -qam theirs`);
    const main = await scratch.says('rev-parse', 'main:src');
    const met = await scratch.json<{ paths: string[] }>(['session', 'complete'], { in: workspace, exit: 5 });
    assert.deepEqual(met.paths, ['src/a.c']);
    assert.equal(await scratch.says('rev-parse', 'main:src'), main);
    assert.equal(await scratch.stateOf(slug), 'conflicted');
    const sync = await scratch.json<{ conflicts: string[] }>(['session', 'sync'], { in: workspace, exit: 5 });
    assert.deepEqual(sync.conflicts, ['src/a.c']);
    const again = await scratch.mic(['session', 'sync'], { in: workspace, exit: 5 });
    assert.match(again.stdout, /A merge is under way .*git merge --abort\.\n {2}src\/a\.c/);
    await scratch.bash(
      `grep -q '<<<<<<<' src/a.c && echo 'int both;' > src/a.c && git add src/a.c && git commit -qm "[${slug}] merge: main"`,
      { in: workspace },
    );
    await scratch.mic(['session', 'sync'], { in: workspace });
    assert.equal(await scratch.stateOf(slug), 'active');
    const done = await scratch.mic(['session', 'complete', '-m', 'fix: both'], { in: workspace });
    assert.match(done.stdout, /your shell is still in it: cd /);
    assert.equal(scratch.read('src/a.c'), 'int both;\n');
    assert.equal(await scratch.says('diff', '--name-only', 'main~2', 'main~1'), 'src/a.c');
    assert.equal(await scratch.says('for-each-ref', 'refs/heads/session', 'refs/claims'), '');
  });

  test('tells a shell whose workspace goes with a release or a removal where to go', async () => {
    const scratch = await HubScratch.create();
    for (const command of ['release', 'remove']) {
      const { slug, workspace } = await scratch.started(command);
      const gone = await scratch.mic(['session', command], { in: workspace });
      assert.match(gone.stdout, /^The workspace is gone, and your shell is still in it: cd '.*\/project'$/m);
      if (command === 'remove') await scratch.mic(['session', 'restore', slug], { in: scratch.hub });
      else await scratch.mic(['session', 'claim', slug], { in: scratch.hub });
      const elsewhere = await scratch.mic(['session', command, slug], { in: scratch.hub });
      assert.doesNotMatch(elsewhere.stdout, /your shell/);
    }
  });

  test('says that a message was not used, where nothing was left to land', async () => {
    const scratch = await HubScratch.create();
    const { slug, workspace } = await scratch.started('mine');
    await scratch.bash(`echo one > one && git add one && git commit -qm "[${slug}] feat: one"`, {
      in: workspace,
    });
    const landed = await scratch.mic(['land', '-m', 'feat: the first'], { in: workspace });
    assert.equal(landed.stderr, '');
    assert.equal(await scratch.says('log', '-1', '--format=%s', 'main'), `[${slug}] feat: the first`);
    const unused = /message was not used, .*: "fix: the last"/;
    const again = await scratch.mic(['land', '-m', 'fix: the last'], { in: workspace });
    assert.match(again.stderr, unused);
    const done = await scratch.mic(['session', 'complete', '-m', 'fix: the last'], { in: workspace });
    assert.match(done.stderr, unused);
  });

  test('says what became of edits in the checkout that its landing came over', async () => {
    const scratch = await HubScratch.create({ long: '1\n2\n3\n4\n5\n' });
    const { slug, workspace } = await scratch.started('mine');
    const changes = `echo 'int mine;' > src/a.c && sed -i s/1/one/ long && echo mine > new && git add .`;
    await scratch.bash(`${changes} && git commit -qm "[${slug}] feat: mine"`, { in: workspace });
    await scratch.bash(
      "echo 'int dirty;' > src/a.c; sed -i s/5/five/ long; echo dirty > new; echo x > README.md",
    );
    const done = await scratch.mic(['session', 'complete', slug, '--unmet=no'], { in: scratch.hub });
    const [merged, unmerged, ...more] = done.stderr.trimEnd().split('\n');
    assert.match(merged ?? '', /merged with what came, and are still not committed: long$/);
    assert.match(
      unmerged ?? '',
      /conflict with what came, .* as you left them: new, src\/a\.c\. "git diff HEAD -- FILE" .*"git add FILE"/,
    );
    const shown = async (path: string) =>
      (await scratch.says('diff', 'HEAD', '--', path)).split('\n').filter((line) => /^[-+]\w/.test(line));
    assert.deepEqual(await shown('src/a.c'), ['-int mine;', '+int dirty;']);
    assert.deepEqual(await shown('new'), ['-mine', '+dirty']);
    assert.deepEqual(more, []);
    assert.equal(scratch.read('long'), 'one\n2\n3\n4\nfive\n');
    assert.equal(scratch.read('src/a.c'), 'int dirty;\n');
    // What is told to be done next does what it says.
    await scratch.bash('git add new && git checkout -q HEAD -- src/a.c && git commit -qm "keep new" -- new');
    assert.equal(await scratch.says('status', '--porcelain'), 'M README.md\n M long');
    assert.equal(scratch.read('src/a.c'), 'int mine;\n');
    assert.equal(scratch.read('new'), 'dirty\n');
    // A session that is over has nowhere to bring main into.
    const status = await scratch.mic(['session', 'status', slug], { in: scratch.hub });
    assert.doesNotMatch(status.stdout, /sync/);
  });
});
