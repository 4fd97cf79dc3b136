import assert from 'node:assert/strict';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { attemptStanding } from '../../agents/attempts.ts';
import { file, type ScratchRepository, temporaryDirectory } from '../../git/scratch-repository.ts';
import { assertSound, folderNames, lockLines, slugs } from '../../ledger/git/fixtures.ts';
import { parseSlug, type Slug } from '../../session/plan/slug.ts';
import { agentsHub, goodWork, kindsOf, startAgents } from './agents-fixtures.ts';

/** A file in a session's folder on main. */
function sessionFile(hub: ScratchRepository, folder: string, slug: Slug, name: string): string {
  return hub.git(['show', `main:_AGENTS/sessions/${folder}/${slug}/${name}`]);
}

test('six sessions are run three at once, and completed', async (t) => {
  const planned = slugs(6);
  const hub = agentsHub(t, planned);
  const command = `${goodWork} && echo left > rest-$SESSION_SLUG`;
  const agents = startAgents(t, hub, { settings: { command, parallel: 3 } });
  const { code, errors } = await agents.ended;
  assert.equal(code, 0, errors);
  assert.deepEqual(kindsOf(agents, 'problem'), []);
  assert.deepEqual(folderNames(hub, 'completed'), planned);
  for (const slug of planned) {
    assert.equal(hub.git(['show', `main:${slug}.txt`]), `work by ${slug}`);
    assert.equal(hub.git(['show', `main:rest-${slug}`]), 'left');
    assert.match(sessionFile(hub, 'completed', slug, 'SESSION.md'), /- \[x\] It is done/);
    assert.equal(attemptStanding(sessionFile(hub, 'completed', slug, 'attempts.md')).count, 1);
  }
  assert.deepEqual(lockLines(hub), []);
  assert.equal(hub.git(['for-each-ref', 'refs/claims']), '');
  assertSound(hub);
});

test('a runner ends at once where sessions can only be read', async (t) => {
  const hub = agentsHub(t, slugs(1));
  hub.git(['remote', 'add', 'origin', 'https://example.invalid/hub.git']);
  const { code, errors } = await startAgents(t, hub, { settings: { command: 'true', until: 'stopped' } })
    .ended;
  assert.notEqual(code, 0);
  assert.match(errors, /mic init --authority origin/);
});

test('a runner takes nothing while a line of the project cannot be followed, and goes on once it is mended', async (t) => {
  const [first, second] = slugs(2);
  const conf = '_AGENTS/sessions/_config/untracked-files.conf';
  const hub = agentsHub(t, [first!, second!], { bare: false, more: new Map([[conf, file('# Nothing\n')]]) });
  const path = join(hub.directory, conf);
  const command = `if [ $SESSION_SLUG = ${first} ]; then echo copy:nothing > ${path}; fi; ${goodWork}`;
  const agents = startAgents(t, hub, { settings: { command, attemptsMax: 1 } });
  await agents.told('problem');
  writeFileSync(path, '# Nothing\n');
  const { code, errors } = await agents.ended;
  assert.equal(code, 0, errors);
  const problems = agents.events.filter(({ kind }) => kind === 'problem');
  assert.equal(problems.length, 1);
  assert.match(problems[0]?.words ?? '', /untracked-files\.conf, line 1/);
  assert.deepEqual(folderNames(hub, 'completed'), [first, second]);
});

test('a program knows its session, and what it says comes into the worklog without secrets', async (t) => {
  const [slug] = slugs(1);
  const hub = agentsHub(t, [slug!], {
    bare: false,
    more: new Map([
      ['_AGENTS/sessions/_config/untracked-files.conf', file('template:.env.j2\n')],
      ['_AGENTS/sessions/_config/secrets.conf', file('key = printf "%s" "violet-%s" harbour-19\n')],
      ['.gitignore', file('.sessions/\n.env\n.env.j2\n')],
    ]),
  });
  writeFileSync(join(hub.directory, '.env.j2'), 'KEY={{ secret.key }}\n');
  const command = [
    'test "$SESSION_GOAL" = "Do $SESSION_SLUG"',
    'test "$SESSION_WORKSPACE" = "$PWD"',
    'grep -q "Session: Do" "$SESSION_PLAN"',
    'test -x "$MICELIO_MIC" && command -v mic > /dev/null',
    'test "$GIT_AUTHOR_NAME" = Grace',
    'test -z "$(cat)"',
    '. ./.env',
    'echo "the key is $KEY, and ghp_abcdefghijklmnopqrstuvwxyz0123456789 too" >&2',
    goodWork,
  ].join(' && ');
  const agents = startAgents(t, hub, { settings: { command, until: 'once', attemptsMax: 1 } });
  const { code, errors } = await agents.ended;
  assert.equal(code, 0, errors);
  assert.deepEqual(kindsOf(agents, 'completed'), [slug], JSON.stringify(agents.events));
  const log = join(hub.directory, '.git/micelio/agents', `${slug}.log`);
  for (const text of [sessionFile(hub, 'completed', slug!, 'worklog.md'), readFileSync(log, 'utf8')]) {
    assert.match(text, /the key is \*\*\*, and \*\*\* too/);
    assert.doesNotMatch(text, /violet|harbour|ghp_/);
  }
});

describe('a session that is not completed', () => {
  test('is tried again with the work that was kept, and left to people after too many failures', async (t) => {
    const [slug, other] = slugs(2);
    const hub = agentsHub(t, [slug!, other!]);
    const command = `if [ $SESSION_SLUG = ${other} ]; then ${goodWork}; else echo again >> tries; wc -l < tries; exit 7; fi`;
    const agents = startAgents(t, hub, { settings: { command } });
    const { code, errors } = await agents.ended;
    assert.equal(code, 0, errors);
    assert.deepEqual(kindsOf(agents, 'failed'), [slug, slug]);
    assert.deepEqual(kindsOf(agents, 'given-up'), [slug]);
    assert.deepEqual(kindsOf(agents, 'completed'), [other]);
    assert.deepEqual(folderNames(hub, 'drafting'), [slug]);
    const attempts = sessionFile(hub, 'drafting', slug!, 'attempts.md');
    assert.equal(attempts.match(/ failed, .*: The program ended with exit code 7\./g)?.length, 3);
    assert.equal(attemptStanding(attempts).count, 0);
    assert.match(sessionFile(hub, 'drafting', slug!, 'worklog.md'), /output:\s+```\s+3\s+```/);
    assert.equal(hub.git(['show', `refs/sessions/${slug}/uncommitted:tries`]), 'again\nagain\nagain');
    assert.ok(!existsSync(join(hub.directory, '.sessions', slug!)));
  });

  test('has criteria that are not met, unless somebody says why', async (t) => {
    const [slug] = slugs(1);
    const hub = agentsHub(t, [slug!]);
    const settings = { command: 'echo x > x', attemptsMax: 1 };
    const first = startAgents(t, hub, { settings });
    await first.ended;
    assert.match(first.events.find(({ kind }) => kind === 'given-up')?.words ?? '', /It is done/);
    assert.deepEqual(folderNames(hub, 'drafting'), [slug]);
  });

  test('is completed where its open criteria are explained', async (t) => {
    const [slug] = slugs(1);
    const hub = agentsHub(t, [slug!]);
    await startAgents(t, hub, { settings: { command: 'echo x > x', unmet: 'made by a machine' } }).ended;
    assert.match(
      sessionFile(hub, 'completed', slug!, 'SESSION.md'),
      /Not met: It is done\. made by a machine/,
    );
    assert.equal(hub.git(['show', 'main:x']), 'x');
  });

  test('is in conflict, and the others go on', async (t) => {
    const planned = slugs(3);
    const [one, two] = planned;
    const hub = agentsHub(t, planned, { bare: false });
    const flags = temporaryDirectory(t);
    // Both have their workspace before either lands.
    const command = `touch ${flags}/$SESSION_SLUG; case $SESSION_SLUG in ${one}|${two}) until [ -e ${flags}/${one} ] && [ -e ${flags}/${two} ]; do sleep 0.05; done; echo $SESSION_SLUG > src/a.c;; esac; ${goodWork}`;
    const agents = startAgents(t, hub, { settings: { command, parallel: 2 } });
    const { code, errors } = await agents.ended;
    assert.equal(code, 0, errors);
    const [conflicted] = kindsOf(agents, 'conflicted');
    assert.deepEqual(kindsOf(agents, 'completed').length, 2);
    assert.match(sessionFile(hub, 'active', conflicted!, 'conflict.md'), /src\/a\.c/);
    assert.ok(existsSync(join(hub.directory, '.sessions', conflicted!, 'src/a.c')));
    assert.equal(attemptStanding(sessionFile(hub, 'active', conflicted!, 'attempts.md')).isUnderWay, false);
    const claim = JSON.parse(hub.git(['cat-file', '-p', `refs/claims/${conflicted}`]));
    assert.equal(claim.unattended, undefined, 'a person sees to it now, and nobody takes it from them');
  });
});

test('a program gets the sessions that ask for nothing else than it can do', async (t) => {
  const planned = slugs(3);
  const needs = ['', '**Capabilities:** TS, db\n', '**Capabilities:** gpu\n'];
  const hub = agentsHub(t, planned, { header: (slug) => needs[planned.indexOf(slug)]! });
  const agents = startAgents(t, hub, { settings: { command: goodWork, capabilities: ['ts', 'db'] } });
  await agents.ended;
  assert.deepEqual(kindsOf(agents, 'completed'), planned.slice(0, 2));
  assert.deepEqual(folderNames(hub, 'planned'), planned.slice(2));
});

test('sessions are taken the oldest day first, and within a day by name, as the help says', async (t) => {
  const days = ['2025-10-14-b', 'kb-2025-10-14-c', '2025-10-15-a'].map((name) => parseSlug(name));
  const hub = agentsHub(t, days.toReversed());
  const agents = startAgents(t, hub, { settings: { command: goodWork } });
  assert.equal((await agents.ended).code, 0);
  assert.deepEqual(kindsOf(agents, 'claimed'), days);
});

test('two runners on one hub run each session once', async (t) => {
  const planned = slugs(8);
  const hub = agentsHub(t, planned);
  const log = join(temporaryDirectory(t), 'log');
  const settings = { command: `echo $SESSION_SLUG >> ${log}; ${goodWork}`, parallel: 2 };
  const both = ['Ada', 'Bob'].map((name) => startAgents(t, hub, { name, settings, workspace: 'worktree' }));
  for (const { ended } of both) assert.equal((await ended).code, 0);
  assert.deepEqual(readFileSync(log, 'utf8').trim().split('\n').sort(), planned);
  assert.deepEqual(folderNames(hub, 'completed'), planned);
  assert.deepEqual(both.flatMap((agents) => kindsOf(agents, 'completed')).sort(), planned);
  assertSound(hub);
});

test('what becomes of files that git ignores is in the worklog, whether the session is completed or goes back', async (t) => {
  const [slug] = slugs(1);
  const flag = join(temporaryDirectory(t), 'flag');
  const hub = agentsHub(t, [slug!], {
    bare: false,
    more: new Map([['.gitignore', file('.sessions/\n*.log\n')]]),
  });
  const command = `echo note > my.log; [ -e ${flag} ] || { touch ${flag}; exit 1; }; ${goodWork}`;
  const agents = startAgents(t, hub, { settings: { command } });
  assert.equal((await agents.ended).code, 0);
  const worklog = sessionFile(hub, 'completed', slug!, 'worklog.md');
  const aside = join(hub.directory, '.git/micelio/aside', slug!, '1');
  // Moved back for the second attempt, and set aside again.
  const said = new RegExp(`Its workspace on .* is removed\\.\\s+- ${aside}`, 'g');
  assert.equal(worklog.match(said)?.length, 2, worklog);
  assert.match(agents.events.find(({ kind }) => kind === 'completed')?.words ?? '', new RegExp(aside));
});

test('a session that its program has completed itself is completed', async (t) => {
  const [slug] = slugs(1);
  const hub = agentsHub(t, [slug!], { bare: false });
  const command = `${goodWork} && "$MICELIO_MIC" session complete "$SESSION_SLUG"`;
  const agents = startAgents(t, hub, { settings: { command } });
  const { code, errors } = await agents.ended;
  assert.equal(code, 0, errors);
  assert.deepEqual(kindsOf(agents, 'completed'), [slug], JSON.stringify(agents.events));
  assert.deepEqual(folderNames(hub, 'completed'), [slug]);
});

test('a session that its program gives back is tried again as one that failed, and left to people in the end', async (t) => {
  const [slug] = slugs(1);
  const hub = agentsHub(t, [slug!], { bare: false });
  const command = 'echo r > r.ts; "$MICELIO_MIC" session release';
  const agents = startAgents(t, hub, { settings: { command, attemptsMax: 2 } });
  const { code, errors } = await agents.ended;
  assert.equal(code, 0, errors);
  assert.deepEqual(kindsOf(agents, 'problem'), [], JSON.stringify(agents.events));
  assert.deepEqual(
    agents.events.map(({ kind }) => kind),
    ['claimed', 'given-back', 'claimed', 'given-up'],
    JSON.stringify(agents.events),
  );
  const { words = '' } = agents.events.find(({ kind }) => kind === 'given-back')!;
  assert.match(words, /^It was given back while its program ran\. It has no workspace here any more/);
  assert.equal(hub.git(['show', `refs/sessions/${slug}/uncommitted:r.ts`]), 'r');
  const attempts = sessionFile(hub, 'drafting', slug!, 'attempts.md');
  assert.equal(attempts.match(/ given-back, /g)?.length, 2);
  assert.doesNotMatch(attempts, /interrupted/);
});

test('a session that its program gives back has its pause, and its workspace where that was to stay', async (t) => {
  const [slug] = slugs(1);
  const hub = agentsHub(t, [slug!], { bare: false });
  const command = '"$MICELIO_MIC" session release --keep-workspace; exit 1';
  const agents = startAgents(t, hub, { settings: { command, until: 'once' } });
  assert.equal((await agents.ended).code, 0);
  const { kind, words = '' } = agents.events.at(-1)!;
  assert.equal(kind, 'given-back');
  assert.ok(words.endsWith(`left as it is: ${join(realpathSync(hub.directory), '.sessions', slug!)}`), words);
  const { count, failedMs } = attemptStanding(sessionFile(hub, 'planned', slug!, 'attempts.md'));
  assert.ok(count === 1 && failedMs !== undefined);
});

test('a session that its program abandons, or sends back to drafting, is left alone', async (t) => {
  const [one, two] = slugs(2);
  const hub = agentsHub(t, [one!, two!], { bare: false });
  const mic = '"$MICELIO_MIC" session';
  const command = `if [ $SESSION_SLUG = ${one} ]; then ${mic} abandon $SESSION_SLUG --why "no"; else ${mic} release && ${mic} revise $SESSION_SLUG; fi`;
  const agents = startAgents(t, hub, { settings: { command } });
  const { code, errors } = await agents.ended;
  assert.equal(code, 0, errors);
  assert.deepEqual(kindsOf(agents, 'abandoned'), [one], JSON.stringify(agents.events));
  assert.deepEqual(kindsOf(agents, 'given-up'), [two], JSON.stringify(agents.events));
  assert.deepEqual(folderNames(hub, 'abandoned'), [one]);
  assert.deepEqual(folderNames(hub, 'drafting'), [two]);
  const { words = '' } = agents.events.find(({ kind }) => kind === 'abandoned')!;
  assert.match(words, /^It was abandoned while its program ran\. Its workspace was left as it is: /);
});

test('while a program runs, its claim is renewed', async (t) => {
  const [slug] = slugs(1);
  const hub = agentsHub(t, [slug!]);
  const claim = `git --git-dir=${hub.directory} rev-parse refs/claims/$SESSION_SLUG`;
  const changed = `before=$(${claim}); until [ "$(${claim})" != "$before" ]; do sleep 0.05; done`;
  const agents = startAgents(t, hub, {
    leaseMs: 1500,
    settings: { command: `${changed}; ${changed}; ${goodWork}` },
  });
  assert.equal((await agents.ended).code, 0);
  assert.deepEqual(kindsOf(agents, 'completed'), [slug]);
});
