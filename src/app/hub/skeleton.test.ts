import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, test } from 'node:test';
import { contentFor, isEarlier } from '../../ledger/git/init/skeleton-file.ts';
import type { TreePath } from '../../tree/path.ts';
import { packagedSkeleton } from './skeleton.ts';

const share = new URL('../../../share/', import.meta.url);
const versions = JSON.parse(readFileSync(new URL('agent-versions.json', share), 'utf8')) as Record<
  string,
  readonly string[]
>;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('the files that are laid out', () => {
  test('are those of the package, and the newest version of each is what is there', () => {
    const agents = new URL('agents/', share);
    const files = readdirSync(agents, { recursive: true, encoding: 'utf8' }).filter((path) =>
      statSync(new URL(path, agents)).isFile(),
    );
    assert.deepEqual(Object.keys(versions).sort(), files.sort());
    for (const file of packagedSkeleton()) {
      const known = versions[file.path]!;
      const hash = sha256(file.content);
      assert.equal(
        known.at(-1),
        hash,
        `share/agents/${file.path} has changed: put "${hash}" at the end of its list in share/agent-versions.json, so that projects with the version before get this one. Where no release had that one, replace it.`,
      );
      assert.equal(new Set(known).size, known.length);
    }
  });

  test('are an earlier version of ours only where nobody has edited them', () => {
    const root = 'tools/agents' as TreePath;
    const old = Buffer.from('See _AGENTS/sessions/.\n');
    const file = {
      path: 'sessions/x.md' as TreePath,
      content: Buffer.from('Read _AGENTS/sessions/.\n'),
      mode: 0o100644,
      earlier: new Set([sha256(old)]),
    };
    assert.equal(contentFor(file, root).toString(), 'Read tools/agents/sessions/.\n');
    assert.ok(isEarlier(file, root, contentFor({ ...file, content: old }, root)));
    assert.ok(isEarlier(file, '_AGENTS' as TreePath, old));
    assert.ok(!isEarlier(file, root, Buffer.from('See tools/agents/sessions/, and ask Bob.\n')));
    assert.ok(!isEarlier(file, root, file.content));
  });
});
