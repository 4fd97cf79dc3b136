import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../base/error.ts';
import { exportTree } from './export.ts';
import { type ImportedCommit, importRevision } from './import.ts';
import type { ObjectId } from './object-id.ts';
import { openRepository, type Repository } from './repository.ts';
import { ada, memoryProject, type ScratchFile, ScratchRepository, scratchGit } from './scratch-repository.ts';

/** Few names, so that files, links and directories take each other's place, in git's order and in ours. */
const names = fc.constantFrom('a', 'a.b', 'a-b', 'b', 'B', '\xff', 'x\ny', '"q"', ' ', '\x01', 'é');
const paths = fc.array(names, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
const files = fc.record<ScratchFile>({
  mode: fc.constantFrom('100644', '100755', '120000', '100644'),
  content: fc.oneof(fc.constantFrom('', 'same', 'x'.repeat(5000)), fc.string({ maxLength: 8 })),
});

/** Each state is the one before with some paths set or removed; what stands in the way of a new path goes. */
const histories = fc
  .array(fc.array(fc.tuple(paths, fc.option(files, { nil: undefined, freq: 3 })), { maxLength: 12 }), {
    minLength: 2,
    maxLength: 4,
  })
  .map((steps) => {
    let state = new Map<string, ScratchFile>();
    return steps.map((edits) => {
      state = new Map(state);
      for (const [path, file] of edits) {
        for (const other of [...state.keys()]) {
          const inTheWay = path.startsWith(`${other}/`) || other.startsWith(`${path}/`);
          if (other === path || inTheWay) state.delete(other);
        }
        if (file !== undefined) state.set(path, file);
      }
      return state;
    });
  });

async function checkRoundTrip(repository: Repository, target: Repository, commits: readonly ObjectId[]) {
  const project = memoryProject();
  const exporting = {
    repository: target,
    ...project,
    parents: [],
    author: ada,
    committer: ada,
    message: 'm',
  };
  let previous: ImportedCommit | undefined;
  let exported: ImportedCommit | undefined;
  for (const revision of commits) {
    const full = await importRevision({ repository, revision, ...memoryProject() });
    const step = await importRevision({ repository, revision, ...project, ...(previous && { previous }) });
    assert.equal(step.tree, full.tree);
    assert.equal(step.entries, full.entries);
    const { tree } = step;
    const { commit, gitTree } = await exportTree({ ...exporting, tree });
    const next = await exportTree({ ...exporting, tree, ...(exported && { previous: exported }) });
    const expected = await scratchGit.run(['-C', repository.gitDirectory, 'rev-parse', `${revision}^{tree}`]);
    assert.equal(gitTree, expected.toString().trim());
    assert.equal(next.gitTree, gitTree);
    previous = step;
    exported = { commit, tree };
  }
}

describe('from git and back', () => {
  for (const format of ['sha1', 'sha256'] as const) {
    test(`any history keeps its tree ids, and steps give what full runs give (${format})`, async (t) => {
      await fc.assert(
        fc.asyncProperty(histories, async (history) => {
          const scratch = ScratchRepository.create(t, { format });
          const target = await ScratchRepository.create(t, { format }).open();
          await checkRoundTrip(await scratch.open(), target, scratch.commits(history));
        }),
        { numRuns: format === 'sha1' ? 8 : 2 },
      );
    });
  }

  test('what only literal trees can have: 664, gitlinks, names in any bytes', async (t) => {
    const scratch = ScratchRepository.create(t);
    const blob = scratch.blob('x');
    const inner = scratch.literalTree(['100664', 'n'.repeat(255), blob], ['160000', 'sub', blob]);
    const allBytes = Array.from({ length: 255 }, (_, i) => String.fromCharCode(i + 1)).filter(
      (name) => name !== '.' && name !== '/',
    );
    const root = scratch.literalTree(...allBytes.map((name) => ['100644', name, blob] as const), [
      '40000',
      '\xff\xff',
      inner,
    ]);
    const target = await ScratchRepository.create(t).open();
    await checkRoundTrip(await scratch.open(), target, [scratch.commitOf(inner), scratch.commitOf(root)]);
  });

  test('this project’s own history', async (t) => {
    const repository = await ownRepository(t);
    if (repository === undefined) return;
    const log = await scratchGit.run(['-C', repository.gitDirectory, 'rev-list', '--max-count=6', 'HEAD']);
    const commits = log.toString().trim().split('\n').reverse() as ObjectId[];
    await checkRoundTrip(repository, await ScratchRepository.create(t).open(), commits);
  });
});

async function ownRepository(t: TestContext): Promise<Repository | undefined> {
  try {
    return await openRepository(scratchGit, import.meta.dirname);
  } catch (error) {
    if (!hasCode(error, 'git/not-a-repository')) throw error;
    t.skip('the sources lie in no git repository');
    return undefined;
  }
}
