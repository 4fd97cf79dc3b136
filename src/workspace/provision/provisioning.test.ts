import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { contentsOf, ProvisionScene, writeTree } from './fixtures.ts';
import type { ProvisionError } from './provision-error.ts';
import {
  applyProvisioning,
  cleanUpProvisioning,
  type ProvisionReport,
  planProvisioning,
} from './provisioning.ts';
import { recordPlace } from './record.ts';

/** The steps as `state path`. */
function said({ steps }: ProvisionReport): string[] {
  return steps.map(({ state, path }) => `${state} ${path}`);
}

async function refused(work: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(work, (error: ProvisionError) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

describe('provisioning', () => {
  test('copies, renders and links what the configuration says, and git sees nothing of it', async (t) => {
    const scene = new ProvisionScene(t, {
      '.gitignore': '.env*\nnode_modules\n/local/\n',
      'templates/env.j2':
        'NAME={{ slug }}\nDB=postgresql://localhost/{{ SESSION_SLUG }}\nSTAGE={{ env.STAGE }}\n',
    });
    writeTree(scene.main, { '.env.local': 'A=1\n', 'node_modules/a/index.js': 'x', 'local/b/c': 'c' });
    const conf = 'copy:.env.*\ntemplate:templates/env.j2:.env\nsymlink:node_modules\ncopy:local\n';
    const report = await applyProvisioning(scene.request(conf));
    assert.deepEqual(contentsOf(scene.workspace), {
      '.env': 'NAME=one\nDB=postgresql://localhost/one\nSTAGE=test\n',
      '.env.local': 'A=1\n',
      '.gitignore': '.env*\nnode_modules\n/local/\n',
      local: '/',
      'local/b': '/',
      'local/b/c': 'c',
      node_modules: '-> ../../node_modules',
      templates: '/',
      'templates/env.j2': contentsOf(scene.main)['templates/env.j2'],
    });
    assert.ok(existsSync(join(scene.workspace, 'node_modules/a/index.js')));
    assert.equal(scene.status(), '');
    assert.deepEqual(report.warnings.filter((text) => /node_modules/.test(text)).length, 1);
    assert.match(report.warnings[0]!, /main workspace's own directory/);
  });

  test('done again changes nothing, and carries changes of the main workspace over', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': '.env\nconf\n' });
    writeTree(scene.main, { '.env': 'A=1\n', conf: 'one' });
    const request = scene.request('copy:.env\ncopy:conf\n');
    assert.deepEqual(said(await applyProvisioning(request)), ['create .env', 'create conf']);
    const before = statSync(join(scene.workspace, '.env')).ctimeMs;
    assert.deepEqual(said(await applyProvisioning(request)), ['unchanged .env', 'unchanged conf']);
    assert.equal(statSync(join(scene.workspace, '.env')).ctimeMs, before);
    // Of a process that was killed as it wrote the record.
    const halfWritten = `${recordPlace(scene.workspace).file}.new`;
    writeFileSync(halfWritten, '{');
    await applyProvisioning(request);
    assert.ok(!existsSync(halfWritten));
    writeFileSync(join(scene.main, 'conf'), 'two');
    assert.deepEqual(said(await planProvisioning(request)), ['unchanged .env', 'replace conf']);
    await applyProvisioning(request);
    assert.equal(contentsOf(scene.workspace).conf, 'two');
    assert.ok(!existsSync(join(scene.workspace, '.micelio-provisioning')));
  });

  test('keeps and names what was edited in the workspace, and what was there before', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': '*.txt\n' });
    writeTree(scene.main, { 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c' });
    writeFileSync(join(scene.workspace, 'c.txt'), 'mine');
    const request = scene.request('copy:*.txt\n');
    await applyProvisioning(request);
    writeFileSync(join(scene.workspace, 'a.txt'), 'edited');
    writeFileSync(join(scene.main, 'a.txt'), 'newer');
    const report = await applyProvisioning(request);
    assert.deepEqual(said(report), ['kept a.txt', 'unchanged b.txt', 'kept c.txt']);
    assert.match(report.steps[0]!.reason!, /edited/);
    assert.match(report.steps[2]!.reason!, /there already/);
    const result = await cleanUpProvisioning(request);
    assert.deepEqual(result.removed, ['b.txt']);
    assert.deepEqual(result.kept, ['a.txt']);
    assert.deepEqual(contentsOf(scene.workspace), {
      '.gitignore': '*.txt\n',
      'a.txt': 'edited',
      'c.txt': 'mine',
    });
  });

  test('removes what no line asks for any more', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': '/local/\n/x\n' });
    writeTree(scene.main, { 'local/a/b': 'b', 'local/c': 'c', x: 'x' });
    await applyProvisioning(scene.request('copy:local\ncopy:x\n'));
    writeFileSync(join(scene.workspace, 'local/c'), 'edited');
    const report = await applyProvisioning(scene.request('copy:x\n'));
    assert.deepEqual(said(report), ['remove local/a/b', 'kept local/c', 'unchanged x']);
    assert.deepEqual(Object.keys(contentsOf(scene.workspace)), ['.gitignore', 'local', 'local/c', 'x']);
  });

  test('can turn a copied directory into a symlink and back', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': 'deps\n' });
    writeTree(scene.main, { 'deps/a': 'a', 'deps/sub/b': 'b' });
    await applyProvisioning(scene.request('copy:deps\n'));
    await applyProvisioning(scene.request('symlink:deps\n'));
    assert.equal(contentsOf(scene.workspace).deps, '-> ../../deps');
    await applyProvisioning(scene.request('copy:deps\n'));
    assert.equal(contentsOf(scene.workspace)['deps/sub/b'], 'b');
    writeFileSync(join(scene.workspace, 'deps/mine'), 'mine');
    const report = await applyProvisioning(scene.request('symlink:deps\n'));
    assert.deepEqual(said(report), ['remove deps/a', 'remove deps/sub/b', 'kept deps']);
    assert.equal(contentsOf(scene.workspace)['deps/mine'], 'mine');
    assert.equal(contentsOf(scene.main)['deps/sub/b'], 'b');
  });

  test('follows the last line that names a destination, and skips what a later line skips', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': '*\n!.gitignore\n' });
    writeTree(scene.main, {
      a: 'a',
      b: 'b',
      'dir/x.log': 'log',
      'dir/y': 'y',
      '.env': 'e',
      '.env.prod': 'p',
    });
    const base = {
      file: 'project',
      text: 'copy:a:out\ncopy:dir\nskip:dir/*.log\ncopy:.env*\nskip:.env.prod\n',
    };
    const over = { file: 'session', text: 'copy:b:out\ncopy:.env.prod:.env\n' };
    await applyProvisioning({ ...scene.request(''), conf: [base, over] });
    const { '.gitignore': _, ...rest } = contentsOf(scene.workspace);
    assert.deepEqual(rest, { '.env': 'p', dir: '/', 'dir/y': 'y', out: 'b' });
  });

  test('puts what a pattern matches into a directory, below where the pattern begins', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': 'got/\nconfig/\nnode_modules/\n' });
    writeTree(scene.main, {
      'config/a.json': 'a',
      'config/sub/b.json': 'b',
      'config/node_modules/c.json': 'c',
      'config/d.txt': 'd',
    });
    await applyProvisioning(scene.request('copy:config/**/*.json:got\ntemplate:config/*.txt:got/t/\n'));
    assert.deepEqual(
      Object.keys(contentsOf(scene.workspace)).filter((path) => path.startsWith('got')),
      ['got', 'got/a.json', 'got/sub', 'got/sub/b.json', 'got/t', 'got/t/d.txt'],
    );
  });

  test('understands .worktreeinclude: only what git ignores and does not track, overruled by the configuration', async (t) => {
    const scene = new ProvisionScene(t, {
      '.gitignore': '.env*\n/secret/\n/stuff/\nnode_modules/\n*.key\n',
      'tracked.key.md': 'tracked',
      '.worktreeinclude': '# local files\n.env*\n!.env.prod\ntracked*\nsecret/\n*.key\nplain.txt\n',
    });
    scene.run('add', '-A');
    writeTree(scene.main, {
      '.env': 'e',
      '.env.prod': 'p',
      'secret/a/b': 'b',
      'stuff/deep/x.key': 'k',
      'node_modules/p/y.key': 'no',
      'plain.txt': 'untracked, and not ignored',
      '.env.link': '-> .env',
    });
    const report = await applyProvisioning(scene.request('copy:.env.prod:.env\n'));
    const found = contentsOf(scene.workspace);
    assert.deepEqual(
      Object.keys(found).filter((path) => !path.startsWith('.git') && found[path] !== '/'),
      ['.env', '.worktreeinclude', 'secret/a/b', 'stuff/deep/x.key', 'tracked.key.md'],
    );
    assert.equal(found['.env'], 'p');
    assert.deepEqual(
      report.leftOut.map(({ path }) => path),
      ['.env.link'],
    );
    assert.equal(scene.status(), '');
  });

  test('keeps permissions and times of what it copies', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': 'run\n' });
    writeTree(scene.main, { run: '#!/bin/sh\n' });
    chmodSync(join(scene.main, 'run'), 0o750);
    utimesSync(join(scene.main, 'run'), 1_600_000_000, 1_600_000_000);
    await applyProvisioning(scene.request('copy:run\n'));
    const status = statSync(join(scene.workspace, 'run'));
    assert.equal(status.mode & 0o777, 0o750);
    assert.equal(status.mtimeMs, 1_600_000_000_000);
  });

  test('works in a workspace of Micelio without git', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': '.env\n' });
    writeTree(scene.main, { '.env': 'e', other: 'o' });
    const workspace = join(scene.root, 'checkout');
    writeTree(workspace, { '.gitignore': '.env\n', '.micelio-session/session.json': '{}' });
    await applyProvisioning(scene.request('copy:.env\n', { to: workspace }));
    assert.equal(contentsOf(workspace)['.env'], 'e');
    await refused(
      applyProvisioning(scene.request('copy:other\n', { to: workspace })),
      'provision/not-ignored',
      /\/other/,
    );
    await cleanUpProvisioning(scene.request('', { to: workspace }));
    assert.equal(contentsOf(workspace)['.env'], undefined);
  });
});

describe('provisioning writes nothing at all', () => {
  /** Whatever is wrong, the other lines of the configuration must not have been followed. */
  async function writesNothing(scene: ProvisionScene, work: () => Promise<void>): Promise<void> {
    const before = contentsOf(scene.root);
    await work();
    assert.deepEqual(contentsOf(scene.root), before);
  }

  test('when a source is missing', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': '.env\nx\n' });
    writeTree(scene.main, { x: 'x' });
    await writesNothing(scene, () =>
      refused(
        applyProvisioning(scene.request('copy:x\ncopy:.env\n')),
        'provision/source-missing',
        /^untracked-files\.conf, line 2: "\.env" is not in the main workspace.*copy\?/,
      ),
    );
    assert.deepEqual(said(await applyProvisioning(scene.request('copy:x\ncopy?:.env\n'))), ['create x']);
  });

  test('when git would record a file, and says which line to add', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': 'x\nnode_modules/\n' });
    writeTree(scene.main, { x: 'x', y: 'y', 'node_modules/a': 'a' });
    await writesNothing(scene, async () => {
      const conf = 'copy:x\ncopy:y\nsymlink:node_modules\n';
      await refused(applyProvisioning(scene.request(conf)), 'provision/not-ignored', /2 things are wrong/);
      await refused(applyProvisioning(scene.request(conf)), 'provision/not-ignored', /commit it: \/y\n/);
      await refused(
        applyProvisioning(scene.request(conf)),
        'provision/not-ignored',
        /this is a symlink\. Add this line to \.gitignore there and commit it: \/node_modules$/,
      );
    });
  });

  test('when git tracks the destination', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': 'x\n', kept: 'tracked', 'dir/file': 'tracked' });
    writeTree(scene.main, { x: 'x', 'dir/more': 'm' });
    await writesNothing(scene, async () => {
      await refused(
        applyProvisioning(scene.request('copy:x:kept\n')),
        'provision/tracked',
        /git rm --cached/,
      );
      await refused(applyProvisioning(scene.request('copy:x:dir\n')), 'provision/tracked', /"dir"/);
      await refused(applyProvisioning(scene.request('symlink:dir\n')), 'provision/tracked', /"dir"/);
    });
  });

  test('when a destination lies behind a symlink of the workspace', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': 'x\nout\n' });
    writeTree(scene.main, { x: 'x' });
    mkdirSync(join(scene.root, 'elsewhere'));
    symlinkSync(join(scene.root, 'elsewhere'), join(scene.workspace, 'out'));
    await writesNothing(scene, () =>
      refused(
        applyProvisioning(scene.request('copy:x:out/x\n')),
        'provision/in-the-way',
        /a symlink, which could lead elsewhere/,
      ),
    );
  });

  test('when a source is reached through a symlink that leads out of the main workspace', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': 'x\nout\n' });
    writeTree(scene.root, { 'elsewhere/x': 'x' });
    symlinkSync('../elsewhere', join(scene.main, 'out'));
    symlinkSync('../elsewhere/x', join(scene.main, 'x'));
    await writesNothing(scene, async () => {
      await refused(
        applyProvisioning(scene.request('copy:out/x:x\n')),
        'provision/source-missing',
        /a symlink leads out/,
      );
      await refused(
        applyProvisioning(scene.request('copy:x\n')),
        'provision/source-missing',
        /a symlink leads out/,
      );
      await refused(
        applyProvisioning(scene.request('copy:out\n')),
        'provision/source-missing',
        /a symlink leads out/,
      );
    });
  });

  test('when one destination lies in another that is no directory', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': 'deps\n' });
    writeTree(scene.main, { 'deps/a': 'a', x: 'x' });
    await writesNothing(scene, () =>
      refused(
        applyProvisioning(scene.request('symlink:deps\ncopy:x:deps/a/x\n')),
        'provision/in-the-way',
        /line 2: "deps\/a\/x" would lie in "deps", which untracked-files\.conf, line 1 makes a symlink/,
      ),
    );
  });

  test('when the workspace would be copied into itself', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': '.worktrees\n' });
    await refused(
      applyProvisioning(scene.request('copy:.worktrees\n')),
      'provision/path-refused',
      /workspace itself/,
    );
  });

  test('and takes back what it has made when the disk fails on the way', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': '/got/\n/old\n' });
    writeTree(scene.main, { 'got/a/1': '1', 'got/a/2': '2', old: 'old' });
    const first = scene.request('copy:old\n');
    await applyProvisioning(first);
    writeFileSync(join(scene.main, 'old'), 'new');
    const before = contentsOf(scene.workspace);
    // The source goes between the check and the copy: the secret's command, which is run in between, sees to that.
    writeTree(scene.main, { 'got/t.j2': '{{ secret.S }}' });
    const conf = 'copy:old\ncopy:got\nskip:got/t.j2\ntemplate:got/t.j2:got/t\n';
    const request = scene.request(conf, { secretsConf: 'S = sh -c "rm got/a/2; echo s"\n' });
    await refused(applyProvisioning(request), 'provision/failed', /All that had been made was taken back/);
    assert.deepEqual(contentsOf(scene.workspace), before);
    writeFileSync(join(scene.main, 'got/a/2'), '2');
    await applyProvisioning(scene.request(conf, { secretsConf: 'S = echo s\n' }));
    assert.equal(contentsOf(scene.workspace).old, 'new');
  });
});

describe('a workspace that was moved', () => {
  test('is cleaned of copies that nobody edited', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': 'x\n' });
    writeTree(scene.main, { x: 'x' });
    const workspace = join(scene.root, 'checkout');
    writeTree(workspace, { '.gitignore': 'x\n', '.micelio-session/session.json': '{}' });
    await applyProvisioning(scene.request('copy:x\n', { to: workspace }));
    // What copying a workspace does to the times of its files.
    const path = join(workspace, 'x');
    renameSync(path, `${path}2`);
    writeFileSync(path, 'x');
    rmSync(`${path}2`);
    const { removed } = await cleanUpProvisioning(scene.request('', { to: workspace }));
    assert.deepEqual(removed, ['x']);
    assert.equal(lstatSync(path, { throwIfNoEntry: false }), undefined);
  });
});
