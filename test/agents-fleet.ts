import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { binDirectory } from './mic.ts';

const mic = join(binDirectory, 'mic.mjs');
const tick =
  'plan=_AGENTS/sessions/active/$SESSION_SLUG/active-plan.md; sed "s/- \\[ \\]/- [x]/" $plan > .plan && mv .plan $plan';
/** Whoever runs it again, after one that was killed behind its commit, has nothing to commit. */
const program = `echo $SESSION_SLUG > $SESSION_SLUG.txt; ${tick}; git add -A; git diff --cached --quiet || git commit -qm "[$SESSION_SLUG] feat: work"`;

export interface FleetSize {
  /** Runners at the same time. */
  readonly agents: number;
  readonly sessions: number;
  /** 1: one bare hub. More: hubs of one bare remote, which stand for machines. */
  readonly hubs: number;
  /** Runners that are killed on the way; others take their place. */
  readonly kills: number;
  /** How long claims are good for without being renewed, in seconds. */
  readonly leaseSeconds: number;
}

export interface FleetResult {
  readonly seconds: number;
  readonly commits: number;
  /** How often a session of a runner that was killed was carried on by another of its machine, or taken over. */
  readonly carriedOn: number;
}

/** Has runners, each a process, work off planned sessions while some are killed, and checks what has become of the repository. */
export async function runFleet(size: FleetSize, say: (line: string) => void): Promise<FleetResult> {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-agents-fleet-'));
  const running = new Map<string, ChildProcess>();
  let carriedOn = 0;
  try {
    const slugs = Array.from({ length: size.sessions }, (_, i) => `2025-10-14-task-${i}`);
    const { deciding, hubs } = layOut(directory, slugs, size.hubs);
    const isDone = () => names(deciding, 'completed').length === slugs.length;
    const started = performance.now();
    const start = (number: number) => {
      const child = startRunner(directory, hubs[number % hubs.length]!, number, size.leaseSeconds);
      running.set(`agent-${number}`, child);
      createInterface(child.stdout).on('line', (line) => {
        if (/"event":"(?:resumed|taken-over)"/.test(line)) carriedOn++;
        // With --json an error is on standard output, too, in lines of its own.
        if (/^\s+"(?:code|message)":|"event":"problem"/.test(line)) say(`agent-${number}: ${line.trim()}`);
      });
      void once(child, 'exit').then(() => running.delete(`agent-${number}`));
    };
    for (let number = 0; number < size.agents; number++) start(number);
    for (let killed = 0; !isDone(); ) {
      const due = Math.floor((names(deciding, 'completed').length * (size.kills + 1)) / slugs.length);
      if (killed < Math.min(due, size.kills)) {
        const victim = running.get(holder(deciding) ?? '');
        if (victim?.kill('SIGKILL') === true) start(size.agents + ++killed);
      }
      if (running.size === 0) throw new Error('All runners have ended before the sessions are completed.');
      say(`${names(deciding, 'completed').length} of ${slugs.length} completed, ${killed} killed`);
      await sleep(500);
    }
    const seconds = (performance.now() - started) / 1000;
    for (const child of running.values()) child.kill('SIGTERM');
    await Promise.all(Array.from(running.values(), (child) => once(child, 'exit')));
    return { seconds, carriedOn, commits: check(deciding, hubs, slugs) };
  } finally {
    for (const child of running.values()) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Checks what must be true of the repositories, and returns how many commits main has. */
function check(deciding: string, hubs: readonly string[], slugs: readonly string[]): number {
  const subjects = git(deciding, 'log', '--format=%s', 'main').split('\n');
  for (const slug of slugs) {
    const completed = subjects.filter((line) => line.startsWith(`[${slug}] session: complete by `));
    assert.equal(completed.length, 1, `${slug} is completed once`);
    assert.equal(subjects.filter((line) => line.startsWith(`[${slug}] feat: `)).length, 1);
    // Without a kill it is claimed once; another start says that the one before was interrupted.
    const attempts = git(deciding, 'show', `main:_AGENTS/sessions/completed/${slug}/attempts.md`);
    const [starts, ends] = [/ started, /g, / interrupted, /g].map(
      (event) => attempts.match(event)?.length ?? 0,
    );
    assert.equal(starts, ends! + 1, attempts);
    assert.equal(git(deciding, 'show', `main:${slug}.txt`), slug);
  }
  assert.equal(git(deciding, 'for-each-ref', 'refs/claims'), '');
  assert.equal(git(deciding, 'rev-list', '--merges', '--count', 'main'), '0');
  const emails = new Set(git(deciding, 'log', '--format=%ae%n%ce', 'main').split('\n'));
  for (const email of emails) assert.match(email, /^(?:agent-\d+|setup)@example\.org$/);
  for (const repository of new Set([deciding, ...hubs]))
    assert.equal(git(repository, 'fsck', '--strict', '--no-dangling'), '');
  return subjects.length;
}

function layOut(directory: string, slugs: readonly string[], count: number) {
  const from = join(directory, 'from');
  const write = (path: string, text: string) => {
    mkdirSync(join(from, path, '..'), { recursive: true });
    writeFileSync(join(from, path), text);
  };
  for (const folder of ['drafting', 'active', 'completed', 'abandoned'])
    write(`_AGENTS/sessions/${folder}/.gitkeep`, '');
  write('_AGENTS/sessions/sessions.lock', '');
  if (count > 1) write('_AGENTS/sessions/_config/settings.json', '{"authority":"origin"}\n');
  for (const slug of slugs)
    write(
      `_AGENTS/sessions/planned/${slug}/SESSION.md`,
      `# Session: ${slug}\n\n## Acceptance Criteria\n\n- [ ] Done\n`,
    );
  git(from, 'init', '-q', '-b', 'main');
  git(from, 'add', '-A');
  git(from, 'commit', '-qm', 'Begin');
  const deciding = join(directory, count > 1 ? 'cloud' : 'machine-0', 'hub.git');
  git(directory, 'clone', '-q', '--bare', from, deciding);
  git(deciding, 'config', 'receive.autogc', 'false');
  // It decides itself: where there is a remote, somebody has to say so.
  git(deciding, 'config', '--remove-section', 'remote.origin');
  if (count === 1) return { deciding, hubs: [deciding] };
  const hubs = Array.from({ length: count }, (_, i) => join(directory, `machine-${i}`, 'hub.git'));
  for (const hub of hubs) git(directory, 'clone', '-q', '--bare', deciding, hub);
  return { deciding, hubs };
}

function startRunner(directory: string, hub: string, number: number, leaseSeconds: number) {
  const args = [
    'agent',
    'run',
    '--json',
    '--exec',
    program,
    `--lease=${leaseSeconds}`,
    '--interval=1',
    '--grace=0',
  ];
  return spawn(process.execPath, [mic, ...args], {
    cwd: hub,
    env: environment(directory, `agent-${number}`),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function environment(directory: string, name: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: directory,
    GIT_CONFIG_NOSYSTEM: '1',
    NODE_COMPILE_CACHE: join(tmpdir(), 'micelio-fleet-compile-cache'),
    MICELIO_AGENT_NAME: name,
    MICELIO_AGENT_EMAIL: `${name}@example.org`,
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: `${name}@example.org`,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: `${name}@example.org`,
  };
}

/** The name of somebody who is at work on a session, the claim of which is recorded. */
function holder(repository: string): string | undefined {
  for (const slug of names(repository, 'active')) {
    try {
      const claim = JSON.parse(git(repository, 'cat-file', '-p', `refs/claims/${slug}`));
      if (claim.agent !== null) return claim.agent.name;
    } catch {
      // It was completed in this moment.
    }
  }
  return undefined;
}

function names(repository: string, folder: string): readonly string[] {
  const listed = git(repository, 'ls-tree', '--name-only', `main:_AGENTS/sessions/${folder}`).split('\n');
  return listed.filter((name) => name !== '.gitkeep' && name !== '');
}

function git(directory: string, ...args: readonly string[]): string {
  const env = environment(directory, 'setup');
  return execFileSync('git', args, { cwd: directory, env, encoding: 'utf8', stdio: 'pipe' }).trim();
}
