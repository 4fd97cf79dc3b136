import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { unifiedDiff } from './unified-diff.ts';

const environment = { ...process.env, LC_ALL: 'C', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };

function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-diff-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The hunks that git writes for the same two texts. */
function gitHunks(directory: string, before: string, after: string): string {
  writeFileSync(join(directory, 'before'), before);
  writeFileSync(join(directory, 'after'), after);
  const args = ['diff', '--no-index', '--no-color', '--no-ext-diff', '-U3', 'before', 'after'];
  const { stdout } = spawnSync('git', args, { cwd: directory, env: environment, encoding: 'utf8' });
  // git writes behind a hunk's numbers which function it is in.
  return stdout.slice(Math.max(0, stdout.indexOf('@@'))).replaceAll(/^(@@ .*? @@).*$/gm, '$1');
}

/** Applies hunks as a reader of the format would: written from the definition, knowing nothing of how they are made. */
function applied(before: string, patch: string): string {
  const old = before.split(/(?<=\n)/);
  const result: string[] = [];
  let at = 0;
  const lines = patch === '' ? [] : patch.split(/(?<=\n)/);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const head = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@$/m.exec(line);
    if (head !== null) {
      const start = Number(head[1]) - (head[2] === '0' ? 0 : 1);
      while (at < start) result.push(old[at++]!);
      assert.equal(
        result.length,
        Number(head[3]) - (head[4] === '0' ? 0 : 1),
        'the hunk begins where it says',
      );
      continue;
    }
    if (line.startsWith('\\')) continue;
    const text = lines[i + 1]?.startsWith('\\') ? line.slice(1, -1) : line.slice(1);
    if (line[0] !== '+') assert.equal(old[at++], text);
    if (line[0] !== '-') result.push(text);
  }
  return [...result, ...old.slice(at)].join('');
}

const texts = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', 'c', '', '@@', '-x', '+y', '\\ No'), { maxLength: 30 }),
    fc.boolean(),
  )
  .map(([lines, ends]) => lines.join('\n') + (ends && lines.length > 0 ? '\n' : ''));

describe('a unified diff', () => {
  test('applied to the one text gives the other', () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const patch = `${unifiedDiff(Buffer.from(before), Buffer.from(after))}`;
        assert.equal(patch === '', before === after);
        assert.equal(applied(before, patch), after);
      }),
      { numRuns: 2000 },
    );
  });

  test('is what git writes, where there is one way to say it', (context) => {
    const directory = temporaryDirectory(context);
    const base = Array.from({ length: 40 }, (_, i) => `line ${i}\n`);
    const changed = (...edits: (readonly [at: number, count: number, ...lines: string[]])[]): string => {
      const lines = [...base];
      for (const [at, count, ...young] of edits.toReversed()) lines.splice(at, count, ...young);
      return lines.join('');
    };
    const afters = [
      changed([0, 1]),
      changed([0, 0, 'new\n']),
      changed([39, 1]),
      changed([40, 0, 'new\n', 'more\n']),
      changed([40, 0, 'no newline']),
      changed([39, 1, 'line 39']),
      // With six unchanged lines in between, one hunk; with seven, two.
      changed([10, 1, 'x\n'], [17, 1, 'y\n']),
      changed([10, 1, 'x\n'], [18, 1, 'y\n']),
      changed([3, 2], [20, 5, 'x\n']),
      '',
    ];
    for (const after of afters) {
      for (const [one, other] of [
        [base.join(''), after],
        [after, base.join('')],
      ] as const) {
        assert.equal(`${unifiedDiff(Buffer.from(one), Buffer.from(other))}`, gitHunks(directory, one, other));
      }
    }
  });

  test('is what git applies', (context) => {
    const directory = temporaryDirectory(context);
    for (const [before, after] of fc.sample(fc.tuple(texts, texts), { numRuns: 40, seed: 1 })) {
      if (before === '' || after === '' || before === after) continue;
      const patch = unifiedDiff(Buffer.from(before), Buffer.from(after));
      writeFileSync(join(directory, 'file'), before);
      execFileSync('git', ['apply', '--unidiff-zero', '--whitespace=nowarn', '-'], {
        cwd: directory,
        env: { ...environment, GIT_CEILING_DIRECTORIES: tmpdir() },
        input: Buffer.concat([Buffer.from('--- a/file\n+++ b/file\n'), patch]),
      });
      assert.equal(readFileSync(join(directory, 'file'), 'utf8'), after);
    }
  });

  test('keeps bytes that are no text as they are', () => {
    const patch = unifiedDiff(Buffer.from([0xff, 0x0a]), Buffer.from([0xfe, 0x0d, 0x0a]));
    assert.deepEqual(
      patch,
      Buffer.concat([
        Buffer.from('@@ -1 +1 @@\n-'),
        Buffer.from([0xff, 0x0a]),
        Buffer.from('+'),
        Buffer.from([0xfe, 0x0d, 0x0a]),
      ]),
    );
  });
});
