import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { attemptStanding } from '../../agents/attempts.ts';
import { ScratchRepository, temporaryDirectory } from '../../git/scratch-repository.ts';
import { assertSound, folderNames, slugs } from '../../ledger/git/fixtures.ts';
import { agentsHub, goodWork, kindsOf, startAgents } from './agents-fixtures.ts';

/** A program that says that it has begun, and goes on once it may. */
function waitingProgram(t: TestContext) {
  const flags = temporaryDirectory(t);
  const log = join(flags, 'log');
  return {
    command: `echo $$ >> ${log}; until [ -e ${flags}/go ]; do sleep 0.05; done; ${goodWork}`,
    pids: (): number[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').map(Number) : []),
    go: () => writeFileSync(join(flags, 'go'), ''),
  };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(20);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
}

/** Hubs of one remote, which stand for machines. */
function machines(t: TestContext, remote: ScratchRepository, count: number): readonly ScratchRepository[] {
  return Array.from({ length: count }, () => {
    const hub = ScratchRepository.create(t, { within: 'hub' });
    hub.git(['remote', 'add', 'origin', remote.directory]);
    hub.git(['fetch', '-q', 'origin', 'main:main']);
    return hub;
  });
}

test('a runner that was killed is carried on by the next one on its machine', async (t) => {
  const [slug] = slugs(1);
  const hub = agentsHub(t, [slug!]);
  const program = waitingProgram(t);
  const first = startAgents(t, hub, { settings: { command: program.command } });
  await until(() => program.pids().length === 1);
  first.child.kill('SIGKILL');
  await first.ended;
  const [orphan] = program.pids();
  assert.ok(isRunning(orphan!));
  const second = startAgents(t, hub, { settings: { command: program.command } });
  await until(() => program.pids().length === 2);
  assert.ok(!isRunning(orphan!), 'the program of the first is gone before the second begins');
  program.go();
  assert.equal((await second.ended).code, 0);
  assert.deepEqual(kindsOf(second, 'resumed'), [slug]);
  assert.deepEqual(folderNames(hub, 'completed'), [slug]);
  const attempts = hub.git(['show', `main:_AGENTS/sessions/completed/${slug}/attempts.md`]);
  assert.match(attempts, /started.*\n.*interrupted.*\n.*started/);
  assert.equal(attemptStanding(attempts).count, 2);
  assertSound(hub);
});

test('a runner that runs already takes up what another leaves behind, long before the claim lapses', async (t) => {
  const [slug, other] = slugs(2);
  const hub = agentsHub(t, [slug!, other!]);
  const program = waitingProgram(t);
  const { command } = program;
  const first = startAgents(t, hub, { settings: { command } });
  await until(() => program.pids().length === 1);
  const settings = { command, parallel: 2, until: 'stopped', intervalMs: 60_000 } as const;
  const second = startAgents(t, hub, { name: 'Ada', settings });
  // It has looked, and will not do so again for a minute.
  await second.told('claimed', other);
  first.child.kill('SIGKILL');
  await second.told('resumed', slug);
  program.go();
  await second.told('completed', slug);
  await second.told('completed', other);
  second.child.kill('SIGTERM');
  await second.ended;
  assertSound(hub);
});

test('what a person has taken over is left to that person', async (t) => {
  const [slug, other] = slugs(2);
  const hub = agentsHub(t, [slug!, other!]);
  const program = waitingProgram(t);
  const first = startAgents(t, hub, { settings: { command: program.command, until: 'once' } });
  await until(() => program.pids().length === 1);
  first.child.kill('SIGKILL');
  await first.ended;
  const [orphan] = program.pids();
  assert.ok(isRunning(orphan!));
  // The same machine, by hand.
  const byHand = startAgents(t, hub, { name: 'Ada', takeOver: slug!, settings: { command: 'true' } });
  assert.equal((await byHand.ended).code, 0);
  assert.ok(!isRunning(orphan!), 'and nothing works in the workspace besides');
  program.go();
  const next = startAgents(t, hub, { settings: { command: goodWork } });
  assert.equal((await next.ended).code, 0);
  assert.deepEqual(kindsOf(next, 'completed'), [other]);
  assert.deepEqual(folderNames(hub, 'active'), [slug]);
});

test('the session of a machine that died is taken over by another', async (t) => {
  const [slug] = slugs(1);
  const remote = agentsHub(t, [slug!], { settings: { authority: 'origin' } });
  const [one, two] = machines(t, remote, 2);
  const program = waitingProgram(t);
  const dead = startAgents(t, one!, { name: 'Ada', leaseMs: 1000, settings: { command: program.command } });
  await until(() => program.pids().length === 1);
  dead.child.kill('SIGKILL');
  await dead.ended;
  process.kill(-program.pids()[0]!, 'SIGKILL');
  program.go();
  const settings = { command: program.command, until: 'stopped' as const };
  const heir = startAgents(t, two!, { name: 'Bob', leaseMs: 1000, settings });
  await heir.told('completed', slug);
  heir.child.kill('SIGTERM');
  assert.equal((await heir.ended).code, 0);
  assert.deepEqual(kindsOf(heir, 'taken-over'), [slug]);
  assert.match(remote.git(['show', `main:${slug}.txt`]), /work by/);
  // The dead one comes back, and finds nothing to do.
  const back = startAgents(t, one!, { name: 'Ada', settings: { command: program.command } });
  assert.equal((await back.ended).code, 0);
  assert.deepEqual(back.events, []);
  assertSound(remote);
});

test('a late one lands nothing: its program is ended, and its work stays in its workspace', async (t) => {
  const [slug] = slugs(1);
  const remote = agentsHub(t, [slug!], { settings: { authority: 'origin' } });
  const [one, two] = machines(t, remote, 2);
  const program = waitingProgram(t);
  const late = startAgents(t, one!, {
    ...{ name: 'Ada', leaseMs: 1500 },
    settings: { command: `echo late > late.txt; ${program.command}` },
  });
  await until(() => program.pids().length === 1);
  const [pid] = program.pids();
  late.child.kill('SIGSTOP');
  const settings = { command: goodWork, until: 'stopped' as const };
  const heir = startAgents(t, two!, { name: 'Bob', leaseMs: 1500, settings });
  await heir.told('completed', slug);
  heir.child.kill('SIGTERM');
  await heir.ended;
  const main = remote.git(['rev-parse', 'main']);
  late.child.kill('SIGCONT');
  assert.equal((await late.ended).code, 0);
  assert.deepEqual(kindsOf(late, 'lost'), [slug]);
  assert.ok(!isRunning(pid!));
  assert.equal(remote.git(['rev-parse', 'main']), main);
  const work = join(one!.directory, '.sessions', slug!, 'late.txt');
  assert.equal(readFileSync(work, 'utf8'), 'late\n');
  assertSound(remote);
});

test('what has ended while its runner was suspended for longer than its claim is good lands nothing', async (t) => {
  const [slug] = slugs(1);
  const remote = agentsHub(t, [slug!], { settings: { authority: 'origin' } });
  const [one, two] = machines(t, remote, 2);
  const [early, heirs] = [waitingProgram(t), waitingProgram(t)];
  const late = startAgents(t, one!, {
    ...{ name: 'Ada', leaseMs: 1500 },
    settings: { command: `echo late > late.txt; ${early.command}` },
  });
  await until(() => early.pids().length === 1);
  late.child.kill('SIGSTOP');
  early.go();
  const heir = startAgents(t, two!, {
    name: 'Bob',
    leaseMs: 1500,
    settings: { command: heirs.command, until: 'stopped' },
  });
  await until(() => heirs.pids().length === 1);
  assert.ok(!isRunning(early.pids()[0]!), 'the program has ended well long since');
  late.child.kill('SIGCONT');
  assert.equal((await late.ended).code, 0);
  assert.deepEqual(kindsOf(late, 'lost'), [slug]);
  assert.deepEqual(kindsOf(late, 'completed'), []);
  assert.ok(existsSync(join(one!.directory, '.sessions', slug!, 'late.txt')));
  heirs.go();
  await heir.told('completed', slug);
  heir.child.kill('SIGTERM');
  await heir.ended;
  assert.doesNotMatch(remote.git(['ls-tree', '--name-only', 'main']), /late/);
  assert.equal(remote.git(['log', '--format=%s', '--grep=session: complete', 'main']).split('\n').length, 1);
  assertSound(remote);
});

test('a runner keeps its claim, whatever the clocks of other machines say', async (t) => {
  const [slug] = slugs(1);
  const remote = agentsHub(t, [slug!], { settings: { authority: 'origin' } });
  const [one, ...others] = machines(t, remote, 3);
  const program = waitingProgram(t);
  const leaseMs = 1500;
  const holder = startAgents(t, one!, { name: 'Ada', leaseMs, settings: { command: program.command } });
  await until(() => program.pids().length === 1);
  const watching = [-8, 8].map((minutes, i) =>
    startAgents(t, others[i]!, {
      ...{ name: `Bob-${i}`, leaseMs, clockAheadMs: minutes * 60_000 },
      settings: { command: goodWork, until: 'stopped' },
    }),
  );
  // Renewed three times in each lease.
  const claims = new Set<string>();
  await until(() => claims.add(remote.git(['rev-parse', `refs/claims/${slug}`])).size > 9);
  program.go();
  assert.equal((await holder.ended).code, 0);
  assert.deepEqual(kindsOf(holder, 'completed'), [slug]);
  for (const { child } of watching) child.kill('SIGTERM');
  for (const { ended } of watching) await ended;
  assert.deepEqual(
    watching.map((agents) => kindsOf(agents, 'taken-over')),
    [[], []],
  );
});

test('a runner that is told to end gives its session back with its work, and that is no failure', async (t) => {
  const [slug] = slugs(1);
  const hub = agentsHub(t, [slug!]);
  const program = waitingProgram(t);
  const agents = startAgents(t, hub, { settings: { command: `echo half > half.txt; ${program.command}` } });
  await until(() => program.pids().length === 1);
  agents.child.kill('SIGTERM');
  assert.equal((await agents.ended).code, 0);
  assert.deepEqual(kindsOf(agents, 'put-back'), [slug]);
  assert.ok(!isRunning(program.pids()[0]!));
  assert.deepEqual(folderNames(hub, 'planned'), [slug]);
  assert.equal(hub.git(['show', `refs/sessions/${slug}/uncommitted:half.txt`]), 'half');
  const attempts = hub.git(['show', `main:_AGENTS/sessions/planned/${slug}/attempts.md`]);
  assert.equal(attemptStanding(attempts).count, 0);
});
