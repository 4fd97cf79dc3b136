import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Scratch, write } from '../mic.ts';

/** Every name in a directory, so that a test can tell that nothing came or went. */
function namesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
}

describe('a name that is a path to somewhere else gets nowhere', () => {
  const scratch = new Scratch('hostile');
  const inside = scratch.files('deep/er/place', {});
  const store = join(scratch.directory, 'deep/er/store');
  const options = { in: inside, environment: { MICELIO_STORE: store }, exit: 2 };

  test('as a project', async () => {
    const before = namesIn(scratch.directory);
    const names = [
      '../../x',
      'acme/../..',
      'acme/..',
      '../acme',
      'acme/web/../../..',
      '/etc/passwd',
      'acme//web',
      'acme/',
      '/web',
      '',
      ' ',
      '.',
      '..',
      'acme/.web',
      'acme/we b',
      'acme/web\n',
      'acme\\web',
      'Acme/Web',
      'acme/wéb',
      `acme/${'x'.repeat(65)}`,
      'x'.repeat(100_000),
      'acme/a..b',
      '~/x',
      '$HOME/x',
      'acme/%2e%2e',
    ];
    await Promise.all(
      names.map(async (name, n) => {
        const args =
          n % 2 === 0 ? ['project', 'create', '--', name] : ['session', 'start', 't', `--project=${name}`];
        const { stdout, stderr } = await scratch.mic(args, options);
        assert.equal(stdout, '');
        assert.match(stderr, /^mic: .* is no project name\. Write ORG\/NAME/s, name.slice(0, 80));
        assert.ok(stderr.length < 1000, 'a long name is not repeated');
      }),
    );
    assert.deepEqual(namesIn(scratch.directory), before);
  });

  test('as a session', async () => {
    const before = namesIn(scratch.directory);
    const ids = [
      '../../../x',
      'sess-../../../../',
      'sess-4k2m9x7qw0a',
      'sess-4k2m9x7qw0abc',
      'sess-4K2M9X7QW0AB',
      'sess-',
      '',
      '/etc',
      'sess-4k2m9x7qw0a/',
      'sess-4k2m9x7qw0ab/../x',
      'x'.repeat(100_000),
    ];
    const commands = [
      ['session', 'show'],
      ['session', 'land'],
      ['session', 'remove'],
      ['session', 'path'],
      ['session', 'restore'],
    ];
    await Promise.all(
      ids.map(async (id, n) => {
        const { stderr } = await scratch.mic([...commands[n % commands.length]!, '--', id], options);
        assert.match(stderr, /^mic: ".*" is no session id\. It looks like/s);
      }),
    );
    assert.deepEqual(namesIn(scratch.directory), before);
  });

  test('as a project in the configuration, even with a NUL in it', async () => {
    const home = scratch.files('configured', {
      '.config/micelio/config.json': JSON.stringify({ project: 'acme/\0/../../x' }),
    });
    const { stderr } = await scratch.mic(['project', 'show'], {
      ...options,
      environment: { ...options.environment, HOME: home },
    });
    assert.match(stderr, /is no project name/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it must not reach the terminal.
    assert.doesNotMatch(stderr, /\x00/);
  });

  test('as a landing, a tree, a ref, a revision or a path to explain', async () => {
    await scratch.project('acme/web', { 'a.txt': 'a\n' });
    const repository = await scratch.repository('a repository', { 'a.txt': 'a\n' });
    const project = { environment: { MICELIO_PROJECT: 'acme/web' } };
    const before = namesIn(scratch.directory);
    const lines: readonly (readonly [exit: number, ...args: string[]])[] = [
      [2, 'project', 'export', '--to=x', '--landing=../1'],
      [2, 'project', 'export', '--to=x', '--tree=../../x'],
      [2, 'project', 'export', '--to=x', '--session=../x'],
      [2, 'project', 'undo', '../1'],
      [3, 'project', 'export', '--to=x', '--landing=999999999999999'],
      [3, 'why', '../../etc/passwd'],
      [3, 'why', '/etc/passwd'],
    ];
    await Promise.all(lines.map(([exit, ...args]) => scratch.mic(args, { ...project, exit })));
    for (const ref of [
      '../../x',
      'refs/heads/../../x',
      '-x',
      'refs/heads/a b',
      'refs/heads/x.lock',
      'HEAD',
      '',
    ]) {
      const args = ['project', 'export', `--git=${repository}`, `--ref=${ref}`];
      const ended = await scratch.mic(args, { ...project, exit: 'any' });
      assert.ok([2, 4].includes(ended.code!), `${ref}: ${ended.code} ${ended.stderr}`);
    }
    for (const revision of ['--upload-pack=touch pwned', '-h', '../x', '']) {
      const args = ['project', 'create', 'acme/other', `--from=${repository}`, `--revision=${revision}`];
      const ended = await scratch.mic(args, { ...project, exit: 'any' });
      assert.ok([2, 3, 4].includes(ended.code!), `${revision}: ${ended.code} ${ended.stderr}`);
    }
    assert.deepEqual(namesIn(scratch.directory), before);
  });
});

describe('a marker that somebody has put there', () => {
  const scratch = new Scratch('hostile marker');
  const ready = scratch.project('acme/web', { 'a.txt': 'a\n' });

  const owner = async (workspace: string) => {
    const path = join(workspace, '.micelio-session', 'session.json');
    const { session, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as {
      session: Record<string, unknown>;
    };
    return {
      session,
      forge: (forged: unknown) => writeFileSync(path, JSON.stringify({ ...rest, session: forged })),
      path,
    };
  };

  test('that makes no sense is told in one line, and nothing is done', async () => {
    await ready;
    const { workspace } = await scratch.session('acme/web');
    const { session, forge } = await owner(workspace);
    const all = [
      null,
      'x',
      [],
      { ...session, project: '../../x' },
      { ...session, session: '../../../../x' },
      { ...session, store: 'relative' },
      { ...session, store: 7 },
      { ...session, store: '' },
      { ...session, project: undefined },
    ];
    for (const forged of all) {
      forge(forged);
      const environment = { MICELIO_STORE: undefined };
      const { stdout, stderr } = await scratch.mic(['status'], { in: workspace, exit: 4, environment });
      assert.equal(stdout, '');
      assert.match(stderr, /^mic: [^\n]*looks like a workspace, but[^\n]*\n$/, JSON.stringify(forged));
    }
  });

  test('that is no JSON, or of another version, is told too', async () => {
    await ready;
    const { workspace } = await scratch.session('acme/web');
    const { path } = await owner(workspace);
    for (const text of ['', '{', '[]', '{"format":"micelio-checkout","version":99}', '\0']) {
      writeFileSync(path, text);
      const { stderr } = await scratch.mic(['status'], { in: workspace, exit: 4 });
      assert.match(stderr, /^mic: ".*session\.json" is not what this version of Micelio writes\.[^\n]*\n$/);
    }
  });

  test('in a copy of a workspace does not make the copy that of the session', async () => {
    await ready;
    const [mine, other] = [await scratch.session('acme/web'), await scratch.session('acme/web')];
    const { session } = await owner(mine.workspace);
    (await owner(other.workspace)).forge(session);
    write(join(mine.workspace, 'mine.txt'), 'mine\n');
    write(join(other.workspace, 'other.txt'), 'other\n');
    const { changes } = await scratch.json<{ changes: unknown }>(['session', 'status', mine.id]);
    assert.deepEqual(changes, [{ kind: 'added', path: 'mine.txt' }]);
  });

  test('that comes with an import is refused or left behind, and never taken for one of ours', async () => {
    await ready;
    const marker = { '.micelio-session/session.json': '{"format":"micelio-checkout"}', 'a.txt': 'a\n' };
    const refused = await scratch.repository('with a marker', marker);
    const { stderr } = await scratch.mic(['project', 'create', 'acme/marker', `--from=${refused}`], {
      exit: 'any',
    });
    assert.match(stderr, /micelio-session/);
    // Below another directory it is a directory like any other, from which nothing begins.
    const nested = await scratch.repository('with a nested one', {
      'sub/.micelio-session/session.json': '{}',
      'a.txt': 'a\n',
    });
    await scratch.mic(['project', 'create', 'acme/nested', `--from=${nested}`], { exit: 'any' });
  });
});

test('a store, workspaces and a home with spaces and letters of other alphabets', async () => {
  const scratch = new Scratch('Räume ünd 空白 $HOME "x" \'y\'');
  await scratch.project('acme/web', { 'a.txt': 'a\n' });
  const session = await scratch.session('acme/web');
  write(join(session.workspace, 'b.txt'), 'b\n');
  await scratch.type(`cd "$(mic session path ${session.id})" && mic land && mic status`);
  const url = pathToFileURL(scratch.store).href;
  const environment = { MICELIO_STORE: url };
  assert.equal((await scratch.json<unknown[]>(['project', 'log', 'acme/web'], { environment })).length, 2);
  const second = await scratch.session('acme/web', 'by URL', { environment });
  await scratch.mic(['status'], { in: second.workspace, environment: { MICELIO_STORE: undefined } });
  const { stderr } = await scratch.mic(['project', 'list', '--store=file://elsewhere/x'], { exit: 2 });
  assert.match(stderr, /names no directory of this machine/);
});

test('without settings, the store is where XDG says, and an empty variable is none', async () => {
  const scratch = new Scratch('xdg');
  const unset = { MICELIO_STORE: undefined, MICELIO_WORKSPACES: undefined };
  await scratch.mic(['project', 'create', 'acme/web'], { environment: unset });
  const home = join(scratch.directory, 'home', '.local/share/micelio/store');
  const stats = (environment: Record<string, string | undefined>) =>
    scratch.json<{ store: string }>(['store', 'stats'], { environment });
  assert.equal((await stats(unset)).store, home);
  assert.equal((await stats({ ...unset, MICELIO_STORE: '', XDG_DATA_HOME: '' })).store, home);
  const data = join(scratch.directory, 'data');
  assert.equal((await stats({ ...unset, XDG_DATA_HOME: data })).store, join(data, 'micelio/store'));
  assert.equal((await stats({ ...unset, XDG_DATA_HOME: 'relative' })).store, home);
});
