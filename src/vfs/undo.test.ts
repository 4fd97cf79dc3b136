import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkOverlay } from './check-overlay.ts';
import { linesOf, type Portrait, portraitOf } from './crash/portrait.ts';
import { watchSteps } from './crash/steps.ts';
import type { InodeNumber } from './file-system.ts';
import { openFileSystem, superuser, temporaryDirectory, warmUp } from './fixtures.ts';
import { modelContent, modelFiles } from './model/model-project.ts';
import { OperationSource } from './model/operation.ts';
import { SeededRandom } from './model/seeded-random.ts';
import { VirtualSide } from './model/virtual-side.ts';
import type { SessionFileSystem } from './session-file-system.ts';

const batches = 60;
const operationsMax = 40;
const seed = Number(process.env.VFS_UNDO_SEED ?? Date.now() % 1_000_000);

/** Lets the commit fail. */
function failToFlush(session: SessionFileSystem): void {
  const stop = watchSteps((what) => {
    if (what === 'COMMIT') throw Object.assign(new Error('full'), { errcode: 13 });
  });
  try {
    // Nothing to commit is nothing to fail.
    session.volume.overlay.putSetting('undone', 1);
    assert.throws(() => session.flush(), { code: 'file-system/full' });
  } finally {
    stop();
  }
}

/** What must be the same again: all, but for bytes that were written over, which no database takes back. */
function linesBut(portrait: Portrait, written: ReadonlySet<InodeNumber>): string[] {
  const kept = new Map(portrait);
  for (const [path, file] of portrait) {
    if (written.has(file.attributes.inode)) kept.set(path, { ...file, content: Buffer.alloc(0) });
  }
  return linesOf(kept, 'with numbers');
}

describe(`a flush that fails, seed ${seed}`, () => {
  test('takes everything back since the last one, in memory too', async (context) => {
    const { content, tree } = await modelContent();
    await warmUp(content, tree, modelFiles);
    const session = await openFileSystem(content, tree, join(temporaryDirectory(context), 'overlay'));
    const random = new SeededRandom(seed);
    const side = new VirtualSide(session, random);
    const source = new OperationSource(random, [superuser]);
    for (let batch = 0; batch < batches; batch++) {
      const portrait = await portraitOf(session);
      source.know(new Map(Array.from(portrait, ([path, { attributes }]) => [path, attributes.type])));
      const written = new Set<InodeNumber>();
      const isUndone = random.chance(0.7);
      for (let count = 1 + random.below(operationsMax); count > 0; count--) {
        const { operation } = source.next();
        const inode = side.see(operation.path)?.inode as InodeNumber | undefined;
        const isWrite = operation.kind === 'write' || operation.kind === 'append';
        if (isWrite && inode !== undefined) written.add(inode);
        side.perform(operation, superuser);
      }
      if (!isUndone) {
        session.flush();
        continue;
      }
      failToFlush(session);
      assert.deepEqual(linesBut(await portraitOf(session), written), linesBut(portrait, written));
      if (batch % 10 === 0) assert.deepEqual(await checkOverlay(session.volume), []);
    }
    await session.sync();
    assert.deepEqual(await checkOverlay(session.volume, 'settled'), []);
    await session.close();
  });
});
