import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { MicelioError } from '../../base/error.ts';
import { ancestorsOf, type TreePath } from '../../tree/path.ts';
import { diskStatus } from '../disk-status.ts';
import { contentsOf, ProvisionScene, writeTree } from './fixtures.ts';
import { applyProvisioning, cleanUpProvisioning } from './provisioning.ts';

const names = ['a', 'b', '.env', 'd.j2', 'sub', 'link', 'up', 'tracked'];
const path = fc
  .array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('/'));
const hostile = fc.constantFrom(
  '/etc/x',
  '../x',
  'a/../../x',
  '.git/x',
  'sub/.git/hooks/x',
  '.micelio-session/x',
  'link/x',
  'link/a/b',
  'up/outside',
  'up/a',
  '..',
  '.',
  './a',
  'a/',
  '',
  ':x',
  'a\\:b',
);
const glob = fc.constantFrom(
  '*',
  '**',
  '*.j2',
  'sub/*',
  '**/a',
  '?',
  '[ab]',
  '.e*',
  'link/*',
  'up/*',
  '**/*',
);
const confLine = fc
  .record({
    action: fc.constantFrom(
      'copy?',
      'copy?',
      'copy?',
      'template?',
      'template?',
      'symlink?',
      'skip',
      'copy',
      'wrong',
    ),
    source: fc.oneof({ weight: 6, arbitrary: path }, hostile, { weight: 2, arbitrary: glob }),
    destination: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 3, arbitrary: path }, hostile),
  })
  .map(
    ({ action, source, destination }) => `${action}:${source}${destination === '' ? '' : `:${destination}`}`,
  );
const conf = fc.array(confLine, { minLength: 1, maxLength: 4 }).map((lines) => lines.join('\n'));

/** Files by path; a path that lies in a file is passed over when they are written. */
const files = fc.dictionary(
  path,
  fc.constantFrom('', 'one', '{{ slug }}', '{{ nothing }}', '-> ..', '-> a', '-> /no/such/directory'),
  {
    maxKeys: 8,
  },
);

/** Writes what can be written without going through a symlink. */
function fill(directory: string, content: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(content)) {
    const above = [...ancestorsOf(name as TreePath)].reverse();
    const blocked = above.some((path) => diskStatus(directory, path)?.isDirectory() === false);
    if (!blocked && diskStatus(directory, name) === undefined) writeTree(directory, { [name]: text });
  }
}

describe('whatever the configuration says and the workspace holds', () => {
  const undo: (() => void)[] = [];
  after(() => {
    for (const work of undo) work();
  });
  const context = { after: (work: () => void) => undo.push(work) } as never;
  const scene = new ProvisionScene(context, {
    '.gitignore': '*\n!.gitignore\n!/tracked\n',
    tracked: 'tracked',
  });
  const outside = join(scene.root, 'outside');
  let rounds = 0;

  /** A main workspace and a workspace with these files, and with symlinks that lead out of both. */
  function prepare(main: Record<string, string>, there: Record<string, string>) {
    const base = join(scene.root, `round-${rounds++}`);
    const from = join(base, 'main');
    const to = join(base, 'workspace');
    mkdirSync(from, { recursive: true });
    scene.run('worktree', 'add', '--quiet', '--detach', to);
    rmSync(outside, { recursive: true, force: true });
    mkdirSync(outside);
    writeFileSync(join(outside, 'a'), 'outside');
    for (const directory of [from, to]) {
      symlinkSync(outside, join(directory, 'link'));
      symlinkSync('../..', join(directory, 'up'));
    }
    // Files are not written through these symlinks by the test either.
    const plain = (content: Record<string, string>) =>
      Object.fromEntries(Object.entries(content).filter(([name]) => !/^(link|up|tracked)(\/|$)/.test(name)));
    fill(from, plain(main));
    fill(to, plain(there));
    return { base, from, to };
  }

  const discard = ({ base, to }: { base: string; to: string }): void => {
    scene.run('worktree', 'remove', '--force', to);
    rmSync(base, { recursive: true });
  };

  test('no path outside of it is written, a second run changes nothing, and cleaning up leaves it as it was', async () => {
    let applied = 0;
    await fc.assert(
      fc.asyncProperty(files, files, conf, async (main, there, text) => {
        const places = prepare(main, there);
        try {
          const elsewhere = () => [contentsOf(places.from), contentsOf(outside), contentsOf(scene.main)];
          const untouched = elsewhere();
          const before = contentsOf(places.to);
          const request = scene.request(text, places);
          try {
            await applyProvisioning(request);
          } catch (error) {
            assert.ok(error instanceof MicelioError, String(error));
            assert.deepEqual(contentsOf(places.to), before, 'a refused run has written');
            assert.deepEqual(elsewhere(), untouched);
            return;
          }
          applied++;
          const after = contentsOf(places.to);
          assert.deepEqual(elsewhere(), untouched, 'written outside');
          for (const name of Object.keys(before))
            assert.equal(after[name], before[name], `${name} was overwritten`);
          const recordFile = join(gitDirectoryOf(places.to), 'micelio/provisioned.json');
          const record = readFileSync(recordFile, 'utf8');
          const again = await applyProvisioning(request);
          assert.deepEqual(contentsOf(places.to), after, 'a second run has changed something');
          assert.equal(readFileSync(recordFile, 'utf8'), record);
          assert.ok(again.steps.every(({ state }) => state === 'unchanged' || state === 'kept'));
          await cleanUpProvisioning(request);
          assert.deepEqual(contentsOf(places.to), before, 'something stays');
          assert.deepEqual(elsewhere(), untouched);
        } finally {
          discard(places);
        }
      }),
      { numRuns: 25 },
    );
    assert.ok(applied > 2, `${applied} runs have written something`);
  });
});

function gitDirectoryOf(workspace: string): string {
  const [, directory] = /^gitdir: (.+)$/m.exec(readFileSync(join(workspace, '.git'), 'utf8')) ?? [];
  return directory ?? dirname(workspace);
}
