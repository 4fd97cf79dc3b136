import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { ScratchRepository } from '../../git/scratch-repository.ts';
import { agentBob } from '../../ledger/git/fixtures.ts';
import { fileEdit } from '../../ledger/git/session-moves.ts';
import type { FileName } from '../../tree/path.ts';
import { claimSession } from './claim-session.ts';
import { hubOf, sessionsOf, slug } from './fixtures.ts';
import { clone } from './init-fixtures.ts';

const planned = `_AGENTS/sessions/planned/${slug}/SESSION.md`;

/** A checkout of main whose remote decides, and what changes a plan elsewhere. */
async function setUp(t: TestContext) {
  const origin = hubOf(t, { bare: true, settings: { authority: 'origin' } });
  const [here, there] = [clone(t, origin), clone(t, origin)];
  const [sessions, others] = [await sessionsOf(t, here), await sessionsOf(t, there, 'Bob')];
  const changeElsewhere = (name: string, text: string) =>
    others.ledger.edit({ slug, by: agentBob, message: 'docs: x', files: [fileEdit(name as FileName, text)] });
  const planOf = (folder: string) =>
    origin.git(['show', `main:_AGENTS/sessions/${folder}/${slug}/SESSION.md`]);
  const edit = ({ directory }: ScratchRepository, text: string) =>
    writeFileSync(join(directory, planned), text);
  return { here, sessions, changeElsewhere, planOf, edit };
}

describe('a plan in a checkout of main', () => {
  test('that was edited comes along with a claim, whatever else has changed', async (t) => {
    const { here, sessions, changeElsewhere, planOf, edit } = await setUp(t);
    await changeElsewhere('notes.md', 'x');
    here.git(['fetch', '-q', 'origin']);
    edit(here, '# Session: edited\n');
    await claimSession(sessions, slug, 'claim');
    assert.equal(planOf('active'), '# Session: edited');
  });

  test('that is only older than the remote’s is no edit', async (t) => {
    const { here, sessions, changeElsewhere, planOf } = await setUp(t);
    await changeElsewhere('SESSION.md', '# Session: theirs\n');
    // As editors do in the background: the hub has the commit, and has not followed.
    here.git(['fetch', '-q', 'origin']);
    await claimSession(sessions, slug, 'claim');
    assert.equal(planOf('active'), '# Session: theirs');
  });

  test('that was edited here and there is nobody’s to decide', async (t) => {
    const { here, sessions, changeElsewhere, planOf, edit } = await setUp(t);
    await changeElsewhere('SESSION.md', '# Session: theirs\n');
    here.git(['fetch', '-q', 'origin']);
    edit(here, '# Session: ours\n');
    await assert.rejects(claimSession(sessions, slug, 'claim'), {
      code: 'session/edited-apart',
      message: /SESSION\.md" was edited here/,
    });
    assert.equal(planOf('planned'), '# Session: theirs');
    edit(here, '# Session: theirs\n');
    await claimSession(sessions, slug, 'claim');
    assert.equal(planOf('active'), '# Session: theirs');
  });
});
