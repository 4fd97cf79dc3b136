import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { Scratch, write } from '../mic.ts';

interface CopyJson {
  readonly projects: readonly {
    readonly project: string;
    readonly packs: number;
    readonly landings: number;
    readonly error: { readonly code: string; readonly message: string } | null;
  }[];
}

describe('mic store copy', () => {
  test('copies all projects, then what is new, and goes on without one that cannot be', async () => {
    const scratch = new Scratch();
    await scratch.project('acme/web', { 'a.txt': 'a\n' });
    await scratch.project('acme/tools', { 't.txt': 't\n' });
    const other = join(scratch.directory, 'other');
    const copy = (...args: string[]) => ['store', 'copy', scratch.store, other, ...args];

    const missing = await scratch.mic(copy(), { exit: exitCodes.refused.code });
    assert.match(missing.stderr, /mic store init/);
    await scratch.mic(['store', 'init', other]);
    const dry = await scratch.mic(copy('--dry-run'));
    assert.match(dry.stdout, /acme\/web: \d packs? \(.*\), 1 landing, 0 sessions to copy/);
    assert.deepEqual(
      readdirSync(other).filter((name) => name.startsWith('micelio')),
      [],
    );

    const { projects } = await scratch.json<CopyJson>(copy('--project=acme/web'));
    assert.deepEqual(
      projects.map(({ project, landings, error }) => [project, landings, error]),
      [['acme/web', 1, null]],
    );
    assert.match((await scratch.mic(copy())).stdout, /acme\/tools: .* copied\nacme\/web: nothing new\n/);

    const there = { environment: { MICELIO_STORE: other } };
    const { workspace } = await scratch.session('acme/tools', 'there', there);
    write(join(workspace, 't.txt'), 'changed there\n');
    await scratch.mic(['land'], { in: workspace, ...there });
    await scratch.session('acme/web');
    const again = await scratch.mic(copy(), { exit: exitCodes.refused.code });
    assert.match(
      again.stdout,
      /acme\/tools: not copied\. .*copy the other way\.\nacme\/web: .*1 session copied\n/,
    );
    const { projects: both } = await scratch.json<CopyJson>(copy(), { exit: exitCodes.refused.code });
    assert.deepEqual(
      both.map(({ error }) => error?.code),
      ['project/diverged', undefined],
    );
    assert.match((await scratch.mic(['store', 'fsck'], there)).stdout, /web: .* all whole/);
  });

  test('says what is wrong with the stores', async () => {
    const scratch = new Scratch();
    mkdirSync(join(scratch.directory, 'to'));
    const { stderr: same } = await scratch.mic(['store', 'copy', 'to', './to'], {
      exit: exitCodes.usage.code,
    });
    assert.match(same, /Name two stores/);
    const empty = await scratch.mic(['store', 'copy', 'nothing', 'to'], { exit: exitCodes.notFound.code });
    assert.match(empty.stderr, /no projects in .*nothing/);
    await scratch.mic(['store', 'copy', 'nothing', 'to', '--project=a'], { exit: exitCodes.usage.code });
  });
});
