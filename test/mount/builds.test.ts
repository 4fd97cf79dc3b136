import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { describeMounted, programDirectory } from './mounted.ts';
import { fillNpmCache, makeNpmProject } from './npm-project.ts';

const scratch = mkdtempSync(join(tmpdir(), 'micelio-npm-'));
after(() => rmSync(scratch, { recursive: true }));
const project = { directory: scratch, at: '/run/project', access: 'read-only' } as const;

describeMounted('builds', { programs: ['gcc', 'make'], shares: [project], memoryMiB: 3072 }, (mounted) => {
  test('make compiles what has changed, and nothing else', async () => {
    const out = await mounted().sh(`
      /usr/bin/python3 ${programDirectory}/c_project.py 16
      make -s -j2; make -q test
      sync; echo 3 > /proc/sys/vm/drop_caches; make -q test
      echo '#define MORE' >> include/part3.h; echo changed:; make -j2 | grep -c 'cc .* -c '
      make -q test; make -s clean; ls`);
    assert.equal(out, '120\nchanged:\n2\nMakefile\ninclude\nlibrary\ntest.c\n');
  });

  test('npm ci installs a real lock file, and TypeScript builds with it what it builds in memory', async (context) => {
    makeNpmProject(scratch);
    const lack = fillNpmCache(scratch);
    if (lack !== undefined) {
      process.stderr.write(`\nSKIPPED: npm ci on a mount, because ${lack}\n\n`);
      context.skip(lack);
      return;
    }
    const build = `
      cp -r /run/project/. .
      npm ci --offline --ignore-scripts --no-audit --no-fund --loglevel=error > /dev/null
      node_modules/.bin/tsc -p tsconfig.build.json --outDir dist
      npm ls > /dev/null
      find . -type f | LC_ALL=C sort | xargs -d '\\n' sha256sum | grep -v node_modules/.package-lock.json; find . -type l -printf '%p %l\\n' | sort`;
    const options = { timeoutMs: 400_000 };
    const here = await mounted().sh(build, options);
    const local = await mounted().sh(`mkdir /run/tmp/build; cd /run/tmp/build\n${build}`, options);
    assert.match(here, /dist\/.*\.js/);
    assert.equal(here, local);
  });
});
