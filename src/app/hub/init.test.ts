import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  file,
  type ScratchFiles,
  ScratchRepository,
  temporaryDirectory,
} from '../../git/scratch-repository.ts';
import {
  assertOneCommit,
  assertUsable,
  commits,
  hub,
  init,
  paths,
  project,
  refused,
  show,
  status,
} from './init-fixtures.ts';

describe('mic init', () => {
  test('lays out a bare hub in one commit, by who asked, and then has nothing to do', async (t) => {
    const scratch = hub(t);
    const first = await init(scratch.directory);
    assert.equal(first.commit, scratch.git(['rev-parse', 'main']));
    assert.equal(commits(scratch), '2');
    assert.match(
      scratch.git(['log', '-1', '--format=%an <%ae> %s', 'main']),
      /^Ada <ada@example\.org> chore: /,
    );
    const files = scratch.git(['ls-tree', '-r', '--format=%(objectmode) %(path)', 'main']).split('\n');
    for (const line of [
      '100644 .gitignore',
      '100644 src/a.c',
      '100644 _AGENTS/knowledge/README.md',
      '100644 _AGENTS/knowledge/sessions/.gitkeep',
      '100644 _AGENTS/sessions/sessions.lock',
      '100755 _AGENTS/sessions/_bin/claim-session',
      '100755 _AGENTS/sessions/_bin/complete-session',
      '100644 _AGENTS/sessions/_config/settings.json',
      '100644 _AGENTS/sessions/_config/untracked-files.conf',
      '100644 _AGENTS/sessions/_templates/SESSION.md.j2',
      '100644 _AGENTS/sessions/_templates/kb-merge-SESSION.md.j2',
      '100644 _AGENTS/sessions/_templates/session-env.template.j2',
      '100644 _AGENTS/sessions/SESSIONS-README.md',
      '100644 _AGENTS/sessions/SESSIONS-REFERENCE.md',
      ...['abandoned', 'active', 'completed', 'drafting', 'planned'].map(
        (folder) => `100644 _AGENTS/sessions/${folder}/.gitkeep`,
      ),
    ]) {
      assert.ok(files.includes(line), line);
    }
    assert.equal(files.length, first.steps.length + 1);
    assert.equal(scratch.git(['fsck', '--strict', '--no-dangling']), '');

    const second = await init(scratch.directory);
    assert.deepEqual([second.commit, second.steps, second.notes], [undefined, [], []]);
    assert.equal(commits(scratch), '2');
    await assertUsable(t, scratch.directory);
  });

  test('says what it would do, and does none of it', async (t) => {
    const scratch = hub(t, { bare: false });
    const [main, config] = [scratch.git(['rev-parse', 'main']), scratch.git(['config', '--list', '--local'])];
    const report = await init(scratch.directory, { mode: 'dry-run' });
    assert.equal(report.commit, undefined);
    assert.ok(paths(report, 'create').includes('_AGENTS/sessions/sessions.lock'));
    assert.equal(scratch.git(['rev-parse', 'main']), main);
    assert.equal(scratch.git(['config', '--list', '--local']), config);
    assert.equal(status(scratch), '');
  });

  test('brings a checked-out main along and touches nobody’s edits', async (t) => {
    const files = new Map([...project, ['.gitignore', file('*.o\r\n.sessions')]]);
    const scratch = hub(t, { bare: false, files });
    const at = (path: string) => join(scratch.directory, path);
    writeFileSync(at('src/a.c'), 'int b;\n');
    writeFileSync(at('staged'), 'staged\n');
    scratch.git(['add', 'staged']);
    writeFileSync(at('untracked'), 'untracked\n');
    const before = status(scratch);
    const report = await init(scratch.directory);
    assert.deepEqual(
      report.notes.map((note) => 'outcome' in note && note.outcome),
      ['followed'],
    );
    assert.equal(status(scratch), before);
    assert.equal(readFileSync(at('src/a.c'), 'utf8'), 'int b;\n');
    // A line that says the same is not added again, and lines end as they did.
    assert.equal(
      readFileSync(at('.gitignore'), 'utf8'),
      '*.o\r\n.sessions\r\n/.worktrees/\r\n/.session-env\r\n',
    );
    assert.equal(statSync(at('_AGENTS/sessions/_bin/claim-session')).mode & 0o111, 0o111);
    // Whatever is checked out there from now on.
    scratch.git(['switch', '-q', '-c', 'topic']);
    assert.equal((await init(scratch.directory)).branch, 'main');
  });

  test('keeps what somebody has edited, and fills in what is missing', async (t) => {
    const scratch = hub(t);
    await init(scratch.directory);
    const settings = '{"leaseMinutes": 5}';
    scratch.commit(
      new Map([
        ...project,
        ['_AGENTS/sessions/SESSIONS-README.md', file('Ours.\n')],
        ['_AGENTS/sessions/_config/settings.json', file(settings)],
        ['_AGENTS/sessions/planned/2025-10-14-x/SESSION.md', file('# Session: x\n')],
        ['.gitignore', file('.worktrees/\n/.sessions\n.session-env\n')],
      ]),
    );
    const report = await init(scratch.directory);
    assert.deepEqual(paths(report, 'keep'), ['_AGENTS/sessions/SESSIONS-README.md']);
    assert.deepEqual(paths(report, 'update'), []);
    assert.ok(!paths(report, 'create').includes('_AGENTS/sessions/planned/.gitkeep'));
    assert.equal(show(scratch, '_AGENTS/sessions/SESSIONS-README.md'), 'Ours.');
    assert.equal(show(scratch, '_AGENTS/sessions/_config/settings.json'), settings);
    assert.equal((await init(scratch.directory)).commit, undefined);
  });

  test('makes the first commit of a repository that has none', async (t) => {
    const scratch = ScratchRepository.create(t, { bare: false });
    writeFileSync(join(scratch.directory, 'staged'), 'staged\n');
    scratch.git(['add', 'staged']);
    const report = await init(scratch.directory);
    assert.equal(commits(scratch), '1');
    assert.equal(report.notes.length, 1);
    assert.equal(status(scratch), 'A  staged');
    assert.ok(existsSync(join(scratch.directory, '_AGENTS/sessions/planned/.gitkeep')));
    await assertUsable(t, scratch.directory);

    const bare = ScratchRepository.create(t);
    await init(bare.directory);
    assert.equal(commits(bare), '1');
  });

  test('leaves a .gitignore that is not committed to whom it belongs, and says which lines it lacks', async (t) => {
    const scratch = ScratchRepository.create(t, { bare: false });
    writeFileSync(join(scratch.directory, '.gitignore'), '*.o\n');
    const report = await init(scratch.directory);
    assert.deepEqual(report.ignoreLines, ['/.sessions/', '/.worktrees/', '/.session-env']);
    assert.equal(status(scratch), '?? .gitignore');
    scratch.git(['add', '.gitignore']);
    scratch.git(['commit', '-qm', 'ignore']);
    const second = await init(scratch.directory);
    assert.deepEqual([paths(second, 'update'), second.ignoreLines], [['.gitignore'], []]);
    assert.equal(show(scratch, '.gitignore').split('\n')[0], '*.o');
  });

  test('makes one commit where several do it at once', async (t) => {
    for (const bare of [true, false]) {
      const scratch = hub(t, { bare });
      const reports = await Promise.all(Array.from({ length: 4 }, () => init(scratch.directory)));
      assertOneCommit(reports);
      assert.equal(commits(scratch), '2');
      if (!bare) assert.equal(status(scratch), '');
    }
  });

  test('has another folder where it was asked for, and remembers it', async (t) => {
    const scratch = hub(t);
    const report = await init(scratch.directory, { root: 'tools/agents/' });
    assert.ok(paths(report, 'create').includes('tools/agents/sessions/sessions.lock'));
    const readme = show(scratch, 'tools/agents/sessions/SESSIONS-README.md');
    assert.match(readme, /tools\/agents\/sessions\//);
    assert.doesNotMatch(readme, /_AGENTS/);
    assert.equal((await init(scratch.directory)).commit, undefined);
    await assertUsable(t, scratch.directory);
    await refused(init(scratch.directory, { root: 'other' }), 'ledger/in-use', /tools\/agents/);
    for (const root of ['../out', '.git/agents', '/absolute', 'a\u0007b']) {
      await refused(init(hub(t).directory, { root }), 'ledger/settings-invalid', /plain letters/);
    }
  });

  test('refuses a second layout in another folder, in a dry run too', async (t) => {
    const scratch = hub(t);
    await init(scratch.directory);
    for (const mode of ['dry-run', 'apply'] as const) {
      await refused(
        init(scratch.directory, { root: 'foo', mode }),
        'ledger/in-use',
        /laid out in _AGENTS\/ on main, .* To stay there: mic init \(.* git -C ".*" config micelio\.root "foo"$/,
      );
    }
    assert.equal(commits(scratch), '2');
    await assertUsable(t, scratch.directory);
    // In a clone of a project with a folder of its own, which does not know that yet.
    const other = hub(t);
    await init(other.directory, { root: 'tools/agents' });
    other.git(['config', '--unset', 'micelio.root']);
    await refused(
      init(other.directory),
      'ledger/in-use',
      /To stay there: mic init --root "tools\/agents" \(/,
    );
    assert.equal((await init(other.directory, { root: 'tools/agents' })).commit, undefined);
    assert.equal(other.git(['config', 'micelio.root']), 'tools/agents');
  });

  test('says how to go back where another folder has sessions and the setting names one without', async (t) => {
    const scratch = hub(t);
    await init(scratch.directory);
    scratch.git(['config', 'micelio.root', 'foo']);
    const back = /sessions are laid out in _AGENTS\/\. .* config --unset micelio\.root$/;
    await refused(assertUsable(t, scratch.directory), 'ledger/settings-invalid', back);
    await refused(init(scratch.directory), 'ledger/in-use', /config --unset micelio\.root\)\. To have/);
    const names = /Main has sessions in _AGENTS\/ as well: .* config --unset micelio\.root$/;
    await refused(init(scratch.directory, { root: '_AGENTS' }), 'ledger/in-use', names);
    scratch.git(['config', '--unset', 'micelio.root']);
    await assertUsable(t, scratch.directory);
  });

  test('changes nothing where something is in the way', async (t) => {
    const cases: readonly (readonly [ScratchFiles, RegExp])[] = [
      [
        new Map([['_AGENTS', file('a file')]]),
        /"_AGENTS" is a file on main, and would have to be a directory/,
      ],
      [new Map([['_AGENTS', file('elsewhere', '120000')]]), /"_AGENTS" is a symlink/],
      [new Map([['_AGENTS', file('1'.repeat(40), '160000')]]), /"_AGENTS" is a submodule/],
      [new Map([['_AGENTS/sessions/active', file('')]]), /"_AGENTS\/sessions\/active" is a file/],
      [new Map([['_AGENTS/sessions/sessions.lock/x', file('')]]), /sessions\.lock" is a directory/],
      [new Map([['.gitignore', file('elsewhere', '120000')]]), /"\.gitignore" is a symlink/],
      [
        new Map([['_AGENTS/sessions/_config/settings.json', file('{')]]),
        /^_AGENTS\/sessions\/_config\/settings\.json on the main branch cannot be understood/,
      ],
    ];
    for (const [files, message] of cases) {
      const scratch = hub(t, { files });
      const code = /understood/.test(message.source) ? 'ledger/settings-invalid' : 'ledger/in-the-way';
      await refused(init(scratch.directory), code, message);
      assert.equal(commits(scratch), '1');
    }
  });

  test('leaves files alone that a checkout has where they come, and refuses where no folder can be', async (t) => {
    const scratch = hub(t, { bare: false });
    const path = '_AGENTS/sessions/SESSIONS-README.md';
    mkdirSync(join(scratch.directory, '_AGENTS/sessions'), { recursive: true });
    writeFileSync(join(scratch.directory, path), 'mine\n');
    const report = await init(scratch.directory);
    assert.deepEqual(
      report.notes.flatMap((note) => (note.kind === 'checkout' ? note.conflicts : [])),
      [path],
    );
    assert.equal(readFileSync(join(scratch.directory, path), 'utf8'), 'mine\n');
    assert.equal(status(scratch), `AA ${path}`);

    const other = hub(t, { bare: false });
    writeFileSync(join(other.directory, '_AGENTS'), 'mine\n');
    await refused(init(other.directory), 'ledger/in-the-way', /_AGENTS" is no directory/);
    assert.equal(commits(other), '1');
    assert.equal(status(other), '?? _AGENTS');
  });

  test('asks which branch is main where that is not plain', async (t) => {
    const scratch = hub(t, { bare: false });
    scratch.git(['switch', '-q', '-c', 'topic']);
    await refused(init(scratch.directory), 'ledger/no-main', /on topic.*git config micelio\.main main/);
    scratch.git(['config', 'micelio.main', 'main']);
    assert.equal((await init(scratch.directory)).branch, 'main');
    assert.ok(!existsSync(join(scratch.directory, '_AGENTS')));
    await refused(init(temporaryDirectory(t)), 'ledger/no-hub', /no git repository/);
  });

  test('works from a linked worktree and from inside a directory', async (t) => {
    const scratch = hub(t, { bare: false });
    const worktree = join(temporaryDirectory(t), 'topic');
    scratch.git(['worktree', 'add', '-q', '-b', 'topic', worktree]);
    assert.equal((await init(join(worktree, 'src'))).branch, 'main');
    assert.equal(status(scratch), '');
    assert.ok(existsSync(join(scratch.directory, '_AGENTS')) && !existsSync(join(worktree, '_AGENTS')));
  });
});
