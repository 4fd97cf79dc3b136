import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { hasCode } from '../base/error.ts';
import { looseObjectsDirectory, type NewObject, writeLooseObjects } from './loose-objects.ts';
import type { ObjectFormat, ObjectId } from './object-id.ts';
import type { GitObjectType } from './object-reader.ts';
import { objectIdOf } from './object-writer.ts';
import { file, ScratchRepository } from './scratch-repository.ts';

function object(format: ObjectFormat, type: GitObjectType, bytes: Uint8Array): NewObject {
  return { id: objectIdOf(format, type, bytes), type, bytes };
}

function pathOf(scratch: ScratchRepository, id: ObjectId): string {
  return join(scratch.directory, 'objects', id.slice(0, 2), id.slice(2));
}

describe('loose objects', () => {
  for (const format of ['sha1', 'sha256'] as const) {
    test(`are what git itself would have written (${format})`, async (t) => {
      const [ours, gits] = [
        ScratchRepository.create(t, { format }),
        ScratchRepository.create(t, { format, within: 'gits' }),
      ];
      const commit = gits.commit(new Map([['a/b', file('content\n')]]));
      gits.git(['config', 'fastimport.unpackLimit', '0']);
      const ids = gits.git(['rev-list', '--objects', '--no-object-names', commit]).split('\n') as ObjectId[];
      const large = gits.blob(Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251)));
      const objects = [...ids, large, gits.blob('')].map((id) => {
        const type = gits.git(['cat-file', '-t', id]) as GitObjectType;
        const whole = inflateSync(readFileSync(pathOf(gits, id)));
        const made = object(format, type, whole.subarray(whole.indexOf(0) + 1));
        assert.equal(made.id, id);
        return made;
      });
      await writeLooseObjects(join(ours.directory, 'objects'), objects);
      for (const { id } of objects) {
        assert.deepEqual(
          inflateSync(readFileSync(pathOf(ours, id))),
          inflateSync(readFileSync(pathOf(gits, id))),
        );
        assert.equal(statSync(pathOf(ours, id)).mode, statSync(pathOf(gits, id)).mode);
      }
      ours.git(['update-ref', 'refs/heads/main', commit]);
      ours.git(['fsck', '--strict', '--no-dangling']);
      assert.equal(readdirSync(join(ours.directory, 'objects')).includes(commit.slice(0, 2)), true);
    });
  }

  test('one that is there counts as new, so that nobody prunes it', async (t) => {
    const scratch = ScratchRepository.create(t);
    const id = scratch.blob('kept');
    const longAgo = new Date('2020-01-01');
    utimesSync(pathOf(scratch, id), longAgo, longAgo);
    await writeLooseObjects(join(scratch.directory, 'objects'), [
      object('sha1', 'blob', Buffer.from('kept')),
    ]);
    scratch.git(['prune', '--expire=1.week.ago']);
    assert.equal(scratch.git(['cat-file', '-p', id]), 'kept');
  });

  test('that cannot be written are told, and nothing is left of them', async (t) => {
    const scratch = ScratchRepository.create(t);
    const nowhere = join(scratch.directory, 'HEAD');
    await assert.rejects(writeLooseObjects(nowhere, [object('sha1', 'blob', Buffer.from('x'))]), (error) =>
      hasCode(error, 'git/failed'),
    );
  });

  test('are left to git where it would do more than it does by itself', () => {
    const of = (...names: string[]) => looseObjectsDirectory('/hub', names);
    assert.equal(
      of('core.bare', 'core.worktree', 'micelio.main', 'extensions.worktreeconfig'),
      '/hub/objects',
    );
    assert.equal(of('extensions.objectformat', 'extensions.refstorage'), '/hub/objects');
    for (const name of ['core.sharedrepository', 'core.fsync', 'core.fsyncmethod', 'core.fsyncobjectfiles'])
      assert.equal(of('core.bare', name), undefined);
    assert.equal(of('extensions.compatobjectformat'), undefined);
  });
});
