import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Scratch } from './mic.ts';
import { describeWherePossible } from './needs.ts';
import { oldestNode } from './oldest-node.ts';
import { publishedPackage } from './published-package.ts';

const scratch = new Scratch('published');
const { directory, links } = publishedPackage(scratch.directory);

/** Runs suites once more, by `node`, with the package in place of the sources. */
function sameTests(node: string, suites: readonly string[]): void {
  for (const suite of suites) {
    test(`does what the sources do: ${suite}`, async () => {
      const file = join(import.meta.dirname, suite);
      assert.ok(existsSync(file));
      const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
      const child = spawn(node, ['--test', '--test-reporter=tap', file], {
        env: { ...environment, MICELIO_TEST_BIN: join(directory, 'bin') },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const pieces: Buffer[] = [];
      child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
      const [code] = await once(child, 'close');
      const said = Buffer.concat(pieces).toString('utf8');
      assert.equal(code, 0, said);
      for (const line of said.match(/^.*(?:SKIPPED:|# SKIP).*$/gm) ?? []) process.stderr.write(`${line}\n`);
    });
  }
}

describe('the package as it is published', () => {
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
});

// An installed package has no Node.js of its own and runs on whichever there is; the newest one runs all other tests.
const oldest = oldestNode(scratch.directory);
describeWherePossible('the package on the oldest Node.js', oldest.lack, () =>
  sameTests(oldest.path, [
    'cli/workflow.test.ts',
    'cli/project-life.test.ts',
    'cli/mount.test.ts',
    'agent-sessions/provision.test.ts',
    'agent-sessions/agent-run.test.ts',
    'ceph/mic.test.ts',
  ]),
);
