import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Scratch } from './mic.ts';
import { publishedPackage } from './published-package.ts';

/** What is run once more, with the package in place of the sources: of every part of it something. */
const suites = [
  'cli/workflow.test.ts',
  'cli/mount.test.ts',
  'agent-sessions/life.test.ts',
  'agent-sessions/provision.test.ts',
  'agent-sessions/agent-run.test.ts',
  'ceph/mic.test.ts',
];

describe('the package as it is published', () => {
  const scratch = new Scratch('published');
  const { directory, links } = publishedPackage(scratch.directory);

  test('is whole: nothing else is installed with it', async () => {
    const described = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    assert.equal(described.dependencies, undefined);
    assert.deepEqual(
      readdirSync(directory).sort(),
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'dist', 'docs', 'package.json', 'share'].sort(),
    );
    assert.deepEqual(readdirSync(join(directory, '..')), ['micelio']);
    assert.deepEqual(readdirSync(links).sort(), ['mic', 'mic-fs']);
    const { stdout } = await scratch.run(join(links, 'mic'), ['--version']);
    assert.equal(stdout, `mic ${described.version}\n`);
    const libraries = readFileSync(join(directory, 'dist/LIBRARIES.txt'), 'utf8');
    for (const name of ['@aws-sdk/client-s3', 'mdast-util-from-markdown', 'nunjucks'])
      assert.match(libraries, new RegExp(`^${name} \\d`, 'm'));
  });

  for (const suite of suites) {
    test(`does what the sources do: ${suite}`, async () => {
      const file = join(import.meta.dirname, suite);
      assert.ok(existsSync(file));
      const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
      const child = spawn(process.execPath, ['--test', '--test-reporter=tap', file], {
        env: { ...environment, MICELIO_TEST_BIN: join(directory, 'bin') },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const said: Buffer[] = [];
      child.stdout.on('data', (piece: Buffer) => said.push(piece));
      const [code] = await once(child, 'close');
      assert.equal(code, 0, Buffer.concat(said).toString('utf8'));
    });
  }
});
