import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import { file, ScratchRepository, scratchEnvironment, scratchGit } from '../../git/scratch-repository.ts';
import { GitLedger } from '../../ledger/git/git-ledger.ts';
import { fileEdit } from '../../ledger/git/session-moves.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import type { FileName } from '../../tree/path.ts';
import { initHub } from './init.ts';
import { packagedText } from './skeleton.ts';

/** The procedures "by hand" of the reference that is laid out, as a reader types them. */
const slug = parseSlug('2025-10-14-auth-system');
const agent = { name: 'Ada', email: 'ada@example.com' };
const surroundings = { git: scratchGit, agent, clock: systemClock, random: systemRandom };

/** The commands of a section: what stands in its blocks of the shell. */
function commandsOf(title: string): string {
  const text = packagedText('sessions/SESSIONS-REFERENCE.md');
  const start = text.indexOf(`### ${title}\n`);
  assert.ok(start > 0, title);
  const end = text.indexOf('\n### ', start + 1);
  const blocks = text.slice(start, end).matchAll(/```sh\n(.*?)```/gs);
  return Array.from(blocks, ([, commands]) => commands).join('');
}

/** A remote that decides, a clone of it with a planned session, and its ledger. */
async function setUp(t: TestContext) {
  const origin = ScratchRepository.create(t);
  origin.commit(new Map([['README.md', file('# A project\n')]]));
  const clone = ScratchRepository.create(t, { bare: false });
  clone.git(['remote', 'add', 'origin', origin.directory]);
  for (const [name, value] of [['name', agent.name] as const, ['email', agent.email] as const])
    clone.git(['config', `user.${name}`, value]);
  clone.git(['pull', '-q', 'origin', 'main']);
  await initHub(clone.directory, surroundings, {
    root: undefined,
    authority: { kind: 'remote', name: 'origin' },
    another: 'refuse',
    mode: 'apply',
  });
  const ledger = await GitLedger.open(scratchGit, clone.directory, { machine: 'here' });
  t.after(() => ledger.close());
  await ledger.draft({ slug, by: agent, files: [fileEdit('SESSION.md' as FileName, '# Session: Auth\n')] });
  await ledger.move({ slug, by: agent, event: 'plan' });
  const type = (commands: string) => {
    const script = join(clone.directory, '.git', 'typed.sh');
    writeFileSync(script, `set -eu\n${commands}`);
    return execFileSync('sh', [script], {
      cwd: clone.directory,
      env: scratchEnvironment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };
  return { origin, clone, ledger, type };
}

describe('what the reference says of git alone', () => {
  test('claims a session as mic does, and mic finds nothing to mend', async (t) => {
    const { origin, ledger, type } = await setUp(t);
    assert.match(type(commandsOf('Claim')), new RegExp(slug));
    const main = origin.git(['rev-parse', 'main']);
    const [session] = await ledger.list();
    assert.equal(session?.state, 'active');
    assert.equal(session?.claim?.agent.name, 'Ada');
    assert.equal(session?.standing.standing, 'held');
    await ledger.mend();
    assert.equal(origin.git(['rev-parse', 'main']), main);
    await assert.rejects(ledger.claim({ slug, by: { name: 'Bob', email: 'b@example.org' } }), {
      code: 'session/claim-lost',
    });
  });

  test('is told where somebody was faster', async (t) => {
    const { ledger, type } = await setUp(t);
    await ledger.claim({ slug, by: agent });
    const push = commandsOf('Claim').slice(commandsOf('Claim').indexOf('random()')).split('git mv')[0]!;
    const late = `slug=${slug}\n${push}`.replaceAll('sessions/planned/', 'sessions/active/');
    assert.throws(() => type(late), /rejected/);
  });

  test('works, renews, completes and tidies up, in one line of history', async (t) => {
    const { origin, clone, ledger, type } = await setUp(t);
    type(['Claim', 'Work', 'Complete'].map(commandsOf).join(''));
    const [session] = await ledger.list();
    assert.equal(session?.state, 'completed');
    assert.equal(origin.git(['for-each-ref', 'refs/claims']), '');
    assert.equal(origin.git(['show', 'main:_AGENTS/sessions/sessions.lock']), '');
    assert.equal(origin.git(['show', 'main:login.txt']), 'no empty passwords');
    const subjects = origin.git(['log', '-3', '--format=%s', 'main']).split('\n');
    assert.deepEqual(subjects, [
      `[${slug}] session: complete by Ada`,
      `[${slug}] feat: refuse empty passwords`,
      `[${slug}] session: claim by Ada`,
    ]);
    const patch = clone.git(['show', `main:_AGENTS/sessions/completed/${slug}/${slug}.patch`]);
    assert.match(patch, /^\+no empty passwords$/m);
    assert.match(clone.git(['log', '-1', '--format=%s', `refs/sessions/${slug}/commits`]), /feat: refuse/);
    assert.equal(clone.git(['status', '--porcelain']), '');
    assert.ok(!existsSync(join(clone.directory, '.sessions', slug)));
    assert.equal(origin.git(['fsck', '--strict', '--no-dangling']), '');
  });

  test('has a shallow workspace with a plan that is read-only', async (t) => {
    const { clone, type } = await setUp(t);
    const work = commandsOf('Work');
    type(commandsOf('Claim') + work.slice(0, work.indexOf("echo 'no empty")));
    const workspace = join(clone.directory, '.sessions', slug);
    assert.equal(clone.git(['-C', workspace, 'rev-parse', '--is-shallow-repository']), 'true');
    const plan = join(workspace, '_AGENTS/sessions/active', slug, 'SESSION.md');
    assert.equal(statSync(plan).mode & 0o777, 0o444);
    assert.equal(clone.git(['status', '--porcelain']), '');
    // mic knows where it belongs.
    const ledger = await GitLedger.open(scratchGit, workspace, { machine: 'here' });
    t.after(() => ledger.close());
    assert.equal((await ledger.session(slug)).state, 'active');
  });
});
