import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseObjectId } from '../../git/object-id.ts';
import { ScratchRepository, scratchEnvironment } from '../../git/scratch-repository.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import { bringBackWork } from './bring-back-work.ts';
import { depthInCommon } from './clone-history.ts';
import { workspaceOf } from './fixtures.ts';
import { keptRefs } from './keep-work.ts';

const slug = parseSlug('2026-11-21-kept');
const kept = keptRefs(slug).commits;

/** For each commit, how far before it its parents are: none but the first begins anew. */
const histories = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 2 }), {
  minLength: 2,
  maxLength: 14,
});

/** Makes the commits, all of one tree, with main at the last one and the kept work, a commit, upon another. */
function build(hub: ScratchRepository, history: readonly (readonly number[])[], at: number): void {
  const lines: string[] = [];
  const mark = (index: number) => `:${Math.max(0, index) + 1}`;
  for (const [index, back] of [[], ...history].entries()) {
    lines.push('commit refs/heads/scratch', `mark ${mark(index)}`);
    lines.push(`committer Ada <ada@example.com> ${1_700_000_000 + index} +0000`, 'data 0');
    const parents = [...new Set(back.map((steps) => mark(index - steps)))];
    lines.push(...parents.map((parent, order) => `${order === 0 ? 'from' : 'merge'} ${parent}`));
    if (index === 0) lines.push('M 100644 inline a.txt', 'data 2', 'a', '');
  }
  lines.push('reset refs/heads/main', `from ${mark(history.length)}`, '');
  lines.push(`commit ${kept}`, 'committer Ada <ada@example.com> 1700000100 +0000', 'data 0');
  lines.push(`from ${mark(at % history.length)}`, '');
  hub.git(['fast-import', '--quiet', '--force'], `${lines.join('\n')}\n`);
  hub.git(['update-ref', '-d', 'refs/heads/scratch']);
}

test('what is brought back compares with main in a clone as it does in the hub, whatever was merged', async (t) => {
  await fc.assert(
    fc.asyncProperty(histories, fc.nat(), async (history, at) => {
      const hub = ScratchRepository.create(t);
      build(hub, history, at);
      const clone = await workspaceOf(t, hub, slug, 'clone');
      await bringBackWork(clone, await hub.open());
      const inClone = (args: string[]) =>
        execFileSync('git', args, { cwd: clone.directory, env: scratchEnvironment, encoding: 'latin1' });
      const main = hub.git(['rev-parse', 'main']);
      for (const command of [
        ['merge-base', '--all'],
        ['rev-list', '--left-right'],
      ]) {
        const range = command[0] === 'rev-list' ? [`${main}...${kept}`] : [main, kept];
        const sorted = (text: string) => text.trim().split('\n').sort();
        assert.deepEqual(sorted(inClone([...command, ...range])), sorted(hub.git([...command, ...range])));
      }
    }),
    { numRuns: 12 },
  );
});

test('no more of the history is fetched than it takes', async (t) => {
  const hub = ScratchRepository.create(t);
  const line = Array.from({ length: 40 }, () => [1]);
  build(hub, line, 35);
  const [main, work] = ['main', kept].map((name) => parseObjectId(hub.git(['rev-parse', name])));
  assert.equal(await depthInCommon(await hub.open(), main!, main!), 0);
  assert.equal(await depthInCommon(await hub.open(), main!, work!), 5);
  assert.equal(await depthInCommon(await hub.open(), work!, main!), 1);
});
