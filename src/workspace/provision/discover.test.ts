import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseConf } from './conf.ts';
import { discoverUntracked, proposeLines } from './discover.ts';
import { looksSecret } from './file-categories.ts';
import { ProvisionScene, writeTree } from './fixtures.ts';
import type { ProvisionError } from './provision-error.ts';

describe('discovering untracked files', () => {
  test('lists them by category, with sizes, and proposes a configuration that is understood', async (t) => {
    const scene = new ProvisionScene(t, {
      '.gitignore':
        '.worktrees/\n.env*\n*.pem\nnode_modules/\n.venv\nconfig.local.json\n.idea/\ndist/\n*.log\n.tool-versions\nodd*\n',
      'README.md': 'tracked',
    });
    writeTree(scene.main, {
      '.env': 'KEY=hunter2\n',
      'certs/server.pem': 'hunter2',
      'node_modules/a/index.js': 'xx',
      'node_modules/a/b.js': 'xx',
      '.venv/bin/x': 'x',
      'config.local.json': '{}',
      '.idea/workspace.xml': '<x/>',
      'dist/out.js': 'x',
      'a.log': '1',
      'logs/b.log': '2',
      'logs/c.log': '3',
      'logs/d.log': '4',
      'logs/e.log': '5',
      '.tool-versions': 'node 26\n',
      'odd:name*': 'odd',
      'notes.txt': 'not ignored',
    });
    const entries = await discoverUntracked(scene.git, scene.main);
    assert.deepEqual(
      entries.map(({ category, path, kind, files, bytes }) => [category, path, kind, files, bytes]),
      [
        ['configuration', 'config.local.json', 'file', 1, 2],
        ['secret', '.env', 'file', 1, 12],
        ['secret', 'certs/server.pem', 'file', 1, 7],
        ['tool', '.tool-versions', 'file', 1, 8],
        ['editor', '.idea', 'directory', 1, 4],
        ['dependencies', '.venv', 'directory', 1, 1],
        ['dependencies', 'node_modules', 'directory', 2, 4],
        ['build', '**/*.log', 'files', 5, 5],
        ['build', 'dist', 'directory', 1, 1],
        ['other', 'notes.txt', 'file', 1, 11],
        ['other', 'odd:name*', 'file', 1, 3],
      ],
    );
    const proposals = await proposeLines(scene.main, entries);
    const lines = proposals.map(({ line }) => line ?? '#');
    assert.deepEqual(lines, [
      'copy:config.local.json',
      'copy:.env',
      'skip:certs/server.pem',
      'copy:.tool-versions',
      'copy:.idea',
      'symlink:.venv',
      'symlink:node_modules',
      'skip:**/*.log',
      'skip:dist',
      '#',
      'skip:odd\\:name\\*',
    ]);
    const problems: ProvisionError[] = [];
    parseConf({ file: 'conf', text: lines.join('\n') }, problems);
    assert.deepEqual(problems, []);
    const reasons = new Map(proposals.map(({ entry, reason }) => [entry.path, reason]));
    assert.match(reasons.get('node_modules')!, /Needs the line \/node_modules in \.gitignore/);
    assert.doesNotMatch(reasons.get('.venv')!, /Needs the line/);
    const ignoreLines = proposals.flatMap(({ ignoreLine }) => ignoreLine ?? []);
    assert.deepEqual(ignoreLines, ['/node_modules', '/notes.txt']);
    assert.match(reasons.get('notes.txt')!, /\/notes\.txt/);
    assert.doesNotMatch(JSON.stringify(proposals), /hunter2/);
  });

  test('counts only a part of a large directory, and does not follow symlinks', async (t) => {
    const scene = new ProvisionScene(t, { '.gitignore': '.worktrees/\nnode_modules\n' });
    mkdirSync(join(scene.main, 'node_modules/a'), { recursive: true });
    symlinkSync('/', join(scene.main, 'node_modules/a/root'));
    for (let i = 0; i < 5001; i++) writeFileSync(join(scene.main, 'node_modules', `f${i}`), '');
    const [entry, ...more] = await discoverUntracked(scene.git, scene.main);
    assert.deepEqual(more, []);
    assert.equal(entry?.path, 'node_modules');
    assert.equal(entry?.isPartial, true);
    assert.equal(entry?.files, 5000);
  });

  test('knows secrets by their names', () => {
    for (const name of [
      '.env',
      '.env.local',
      'prod.env',
      'server.pem',
      'id_ed25519',
      'credentials.json',
      '.npmrc',
      'master.key',
      'api-token',
      'client_secret.json',
    ]) {
      assert.ok(looksSecret(name), name);
    }
    for (const name of [
      '.env.example',
      'environment.ts',
      'id_rsa.pub',
      'keyboard.json',
      'tokenizer.json',
      'monkey',
      'secret.example',
    ]) {
      assert.ok(!looksSecret(name), name);
    }
  });
});
