import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { Scratch, type StartedSession, write } from '../mic.ts';

const scratch = new Scratch('damage');
const damaged = exitCodes.damaged.code;

/** The files of the store, by what they are. */
const kinds = {
  'the head': /\/head\.json$/,
  'a landing': /\/landings\/\d+\.json$/,
  'a session': /\/sessions\/.*\/metadata\.json$/,
  'a pack': /\/packs\//,
  'an index': /\/index\//,
} as const;

let session: StartedSession;

before(async () => {
  await scratch.project('acme/web', { 'a.txt': 'a\n'.repeat(400), 'b/c.txt': 'c\n' });
  const landed = await scratch.session('acme/web', 'landed');
  write(join(landed.workspace, 'd.txt'), 'd\n');
  await scratch.mic(['land'], { in: landed.workspace });
  session = await scratch.session('acme/web', 'open');
  write(join(session.workspace, 'e.txt'), 'e\n');
  await scratch.mic(['session', 'checkpoint'], { in: session.workspace });
  // Now the first landing lies in a file of its own, and no longer in the head alone.
  await scratch.mic(['project', 'export', 'acme/web', '--to=before']);
});

function filesOf(pattern: RegExp): string[] {
  return readdirSync(scratch.store, { recursive: true, encoding: 'utf8' })
    .map((path) => join(scratch.store, path))
    .filter((path) => pattern.test(path) && statSync(path).isFile());
}

/** Runs `body` while the store has `bytes` in place of a file, or no file at all. */
async function whileReplaced(
  path: string,
  bytes: Uint8Array | undefined,
  body: () => Promise<void>,
): Promise<void> {
  const whole = readFileSync(path);
  if (bytes === undefined) rmSync(path);
  else writeFileSync(path, bytes);
  try {
    await body();
  } finally {
    writeFileSync(path, whole);
  }
}

function flipped(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 0x04;
  return copy;
}

/** The store must say that something is damaged, and give out what was written or nothing. */
async function requireNamed(path: string, what: string): Promise<void> {
  const out = mkdtempSync(join(scratch.directory, 'out-'));
  const [checked, exported] = await Promise.all([
    scratch.mic(['store', 'fsck', '--json'], { exit: damaged }),
    scratch.mic(['project', 'export', 'acme/web', `--session=${session.id}`, `--to=${out}`], { exit: 'any' }),
  ]);
  const name = path
    .split('/')
    .at(-1)!
    .replace(/\.json$/, '');
  assert.ok(checked.stdout.includes(name), `fsck does not name ${path} (${what}): ${checked.stdout}`);
  if (exported.code === 0) {
    rmSync(join(out, 'e.txt'));
    await scratch.run('diff', ['-r', 'before', out]);
  } else {
    assert.equal(exported.code, damaged, exported.stderr);
    assert.match(exported.stderr, /^mic: [^\n]*\n$/);
  }
}

describe('damage in the store is named, and never served', () => {
  for (const [kind, pattern] of Object.entries(kinds)) {
    test(`a flipped bit in ${kind}`, async () => {
      const files = filesOf(pattern);
      assert.ok(files.length > 0, kind);
      const path = files.at(-1)!;
      const bytes = readFileSync(path);
      for (const at of [bytes.length >> 2, bytes.length - 2])
        await whileReplaced(path, flipped(bytes, at), () =>
          requireNamed(path, `byte ${at} of ${bytes.length}`),
        );
    });

    test(`${kind} that was cut, and one that is gone`, async () => {
      const path = filesOf(pattern)[0]!;
      const bytes = readFileSync(path);
      await whileReplaced(path, bytes.subarray(0, bytes.length >> 1), () => requireNamed(path, 'cut'));
      if (kind === 'a session' || kind === 'an index') return;
      await whileReplaced(path, undefined, async () => {
        await scratch.mic(['store', 'fsck'], { exit: damaged });
      });
    });
  }

  test('an index that is gone is no damage that goes unseen', async () => {
    for (const path of filesOf(kinds['an index'])) {
      await whileReplaced(path, undefined, async () => {
        await scratch.mic(['store', 'fsck'], { exit: damaged });
      });
    }
  });

  test('and when it is mended, all is whole', async () => {
    await scratch.requireWhole();
  });

  test('garbage is not collected while something is damaged', async () => {
    const path = filesOf(kinds['a pack'])[0]!;
    const bytes = readFileSync(path);
    const count = filesOf(kinds['a pack']).length;
    await whileReplaced(path, flipped(bytes, bytes.length >> 1), async () => {
      await scratch.mic(['store', 'gc', '--grace-hours=0'], { exit: 'any' });
      await scratch.mic(['store', 'gc', '--grace-hours=0'], { exit: 'any' });
    });
    assert.equal(filesOf(kinds['a pack']).length, count);
    await scratch.requireWhole();
  });
});
