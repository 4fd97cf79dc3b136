import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { file, ScratchRepository } from '../../git/scratch-repository.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import { installHooks } from './hooks.ts';

const sessions = '_AGENTS/sessions';

for (const slug of ['2026-11-21-faster-start', 'kb-2026-11-21-merge-caches'].map(parseSlug)) {
  test(`a commit of ${slug} changes its own folder of the sessions, and nothing else of them`, async (t) => {
    const scratch = ScratchRepository.create(t, { bare: false });
    scratch.commit(new Map([[`${sessions}/sessions.lock`, file('')]]));
    scratch.git(['reset', '-q', '--hard', 'main']);
    const repository = await scratch.open();
    await installHooks(repository, repository, 'clone', { slug, sessions, knowledge: '_AGENTS/knowledge' });
    const commit = (...paths: readonly string[]) => {
      for (const path of paths) {
        mkdirSync(dirname(join(scratch.directory, path)), { recursive: true });
        writeFileSync(join(scratch.directory, path), `${slug}\n`);
        scratch.git(['add', path]);
      }
      scratch.git(['commit', '-qm', `[${slug}] docs: x`]);
    };
    const own = `${sessions}/active/${slug}/worklog.md`;
    for (const path of [
      'sessions.lock',
      'active/2026-11-21-other/worklog.md',
      `active/${slug}-2/worklog.md`,
    ]) {
      assert.throws(
        () => commit(own, `${sessions}/${path}`),
        (error: { stderr: string }) => {
          const words = error.stderr;
          assert.ok(words.includes(`change ${sessions}/active/${slug}/ only`), words);
          assert.ok(words.endsWith(`:\n${sessions}/${path}\n`), words);
          return true;
        },
      );
      // As it says.
      scratch.git(['restore', '--staged', `${sessions}/${path}`]);
    }
    commit(own, 'src/a.c');
    assert.equal(scratch.git(['show', '--format=', '--name-only']), `${own}\nsrc/a.c`);
  });
}
