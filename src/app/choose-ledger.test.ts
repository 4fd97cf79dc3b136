import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  file,
  ScratchRepository,
  scratchEnvironment,
  temporaryDirectory,
} from '../git/scratch-repository.ts';
import { parseProjectName } from '../session/project-name.ts';
import { parseSessionId } from '../session/session-id.ts';
import { chooseLedger, type LedgerHints, lacksSessions } from './choose-ledger.ts';
import type { WorkspaceMarker } from './workspace-marker.ts';

const environment = { ...scratchEnvironment, MICELIO_PROJECT: undefined };
const slug = '2025-10-14-auth-system';

function choose(
  directory: string,
  hints: LedgerHints = {},
  more: { project?: string; workspace?: string } = {},
): Promise<string> {
  const workspace: WorkspaceMarker | undefined =
    more.workspace === undefined
      ? undefined
      : {
          kind: 'checkout',
          directory: more.workspace,
          store: '/store',
          project: parseProjectName('acme/web'),
          session: parseSessionId('sess-000000000000'),
        };
  return chooseLedger({ workspace }, { ...environment, MICELIO_PROJECT: more.project }, directory, hints);
}

test('what is said on the command line goes first, then the workspace, then the project, then the repository', async (t) => {
  const nowhere = temporaryDirectory(t);
  const plain = ScratchRepository.create(t, { bare: false }).directory;
  const hub = ScratchRepository.create(t);
  hub.commit(new Map([['_AGENTS/sessions/sessions.lock', file('')]]));
  const { directory } = hub;
  assert.equal(await choose(nowhere), 'store');
  assert.equal(await choose(plain), 'store');
  assert.equal(await choose(directory), 'hub', 'bare, so only git knows');
  assert.equal(await choose(directory, {}, { project: 'acme/web' }), 'store');
  assert.equal(await choose(directory, {}, { project: '' }), 'hub');
  assert.equal(await choose(directory, { project: 'acme/web' }), 'store');
  assert.equal(await choose(directory, { session: 'sess-4k2m9x7qw0ab' }), 'store');
  assert.equal(await choose(nowhere, { session: slug }), 'hub');
  assert.equal(await choose(directory, { project: 'acme/web', session: slug }), 'store');
  // A wrong folder is to be said, which the hub does.
  hub.git(['config', 'micelio.root', 'elsewhere']);
  assert.equal(await choose(directory), 'hub');
});

test('of two workspaces around a directory, the inner one counts', async (t) => {
  const outer = temporaryDirectory(t);
  const clone = join(outer, 'clone');
  mkdirSync(join(clone, '.git/micelio'), { recursive: true });
  writeFileSync(join(clone, '.git/HEAD'), '');
  writeFileSync(join(clone, '.git/micelio/session.json'), '');
  assert.equal(await choose(clone, {}, { workspace: outer, project: 'acme/web' }), 'hub');
  assert.equal(await choose(outer, {}, { workspace: outer }), 'store');
  const checkout = join(clone, 'checkout');
  mkdirSync(checkout);
  assert.equal(await choose(checkout, {}, { workspace: checkout }), 'store');
});

test('a repository without sessions is told from one that has some, and from no repository', (t) => {
  const plain = ScratchRepository.create(t, { bare: false }).directory;
  assert.ok(lacksSessions(plain));
  assert.ok(!lacksSessions(temporaryDirectory(t)));
  mkdirSync(join(plain, '_AGENTS/sessions'), { recursive: true });
  assert.ok(!lacksSessions(plain));
});
