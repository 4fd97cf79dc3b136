import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ScratchRepository, scratchEnvironment } from '../../git/scratch-repository.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { assertSound, folderNames, lockLines } from './fixtures.ts';

/** Starting a process is most of its work here. */
const env = { ...scratchEnvironment, NODE_COMPILE_CACHE: join(tmpdir(), 'micelio-race-compile-cache') };
const worker = join(import.meta.dirname, 'race-workload.ts');

/** A process that works on a ledger. */
export interface RaceAgent {
  readonly child: ChildProcess;
  /** Ends once it has said something, or has ended. */
  readonly begun: Promise<unknown>;
  /** What it has said, once it has ended: its exit code and its lines. */
  readonly ended: Promise<{
    readonly code: number | null;
    readonly lines: readonly string[];
    readonly errors: string;
  }>;
}

export function startAgent(
  t: TestContext,
  hub: ScratchRepository,
  name: string,
  task: 'one' | 'land',
): RaceAgent {
  const child = spawn(process.execPath, [worker, hub.directory, name, task], { env });
  t.after(() => child.kill('SIGKILL'));
  let [output, errors] = ['', ''];
  child.stdout.on('data', (text) => {
    output += text;
  });
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const begun = Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    lines: output.split('\n').filter((line) => line !== ''),
    errors,
  }));
  return { child, begun, ended };
}

/** Has agents claim a session each, all at once, and returns which. */
export async function claimEach(
  t: TestContext,
  hubs: readonly ScratchRepository[],
  agents: number,
): Promise<readonly string[]> {
  const running = Array.from({ length: agents }, (_, i) => {
    return startAgent(t, hubs[i % hubs.length]!, `agent-${i}`, 'one');
  });
  const claimed: string[] = [];
  for (const { ended } of running) {
    const { code, lines, errors } = await ended;
    assert.equal(code, 0, errors);
    claimed.push(...lines.filter((line) => line.startsWith('claimed')).map((line) => line.split(' ')[1]!));
  }
  assert.equal(new Set(claimed).size, agents);
  assert.equal(claimed.length, agents);
  return claimed.sort();
}

/** Each session that was claimed is one agent's, and its record says so. */
export function assertClaimed(
  decides: ScratchRepository,
  planned: readonly Slug[],
  claimed: readonly string[],
): void {
  assertSound(decides);
  assert.deepEqual(folderNames(decides, 'active'), claimed);
  const others = planned.filter((slug) => !claimed.includes(slug));
  assert.deepEqual(folderNames(decides, 'planned'), others.sort());
  const locked = lockLines(decides).map((line) => line.split(':')[0]!);
  assert.deepEqual(locked.sort(), claimed);
  assert.equal(decides.git(['for-each-ref', 'refs/claims']).split('\n').length, claimed.length);
  // One commit for each claim, by who has it.
  assert.equal(decides.git(['rev-list', '--count', 'main']), `${claimed.length + 1}`);
  const log = decides.git(['log', '--format=%an %s', 'main', `-${claimed.length}`]).split('\n');
  for (const line of log) {
    const [, author, slug, by] = /^(\S+) \[(\S+)\] session: claim by (\S+)$/.exec(line) ?? [];
    assert.equal(author, by);
    const claim = JSON.parse(decides.git(['cat-file', 'blob', `refs/claims/${slug}`]));
    assert.equal(claim.agent.name, author);
    assert.equal(claim.fencing, 1);
  }
}
