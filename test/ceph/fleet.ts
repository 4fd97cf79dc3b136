import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readWholeFile } from '../../src/blob/file.ts';
import { checkProject } from '../../src/session/check-project.ts';
import { requireSession } from '../../src/session/project.ts';
import type { SessionId } from '../../src/session/session-id.ts';
import type { FileEntry } from '../../src/tree/entry.ts';
import { listAll } from '../../src/tree/lookup.ts';
import { openTestProject, type TestProject } from '../test-project.ts';
import { filesAfter, filesBefore } from './fleet-files.ts';
import type { TestBucket } from './test-bucket.ts';

/** Processes that land sessions on one project at the same time. */
export interface FleetPlan {
  readonly processes: number;
  /** Sessions of each process. */
  readonly sessions: number;
  /** How many sessions of a process are under way at once. */
  readonly atOnce: number;
  /** Where the processes reach the store, in turn. */
  readonly endpoints: readonly string[];
  /** What `S3Store` takes for a stall, in ms; its default unless given. */
  readonly stallMsMax?: number;
}

/** What one process is told. */
export interface FleetOrders {
  readonly url: string;
  readonly process: number;
  readonly sessions: number;
  readonly atOnce: number;
  readonly stallMsMax: number | undefined;
}

/** What one process has done. */
export interface FleetReport {
  /** The session of each number, and the landing that it was told of. */
  readonly landed: readonly { readonly session: SessionId; readonly sequence: number }[];
  /** How often something was done again because the store could not tell whether it was, or was out of reach. */
  readonly repeats: number;
}

export interface FleetOutcome {
  /** From the word "go" until the last process was done, in ms. */
  readonly ms: number;
  readonly repeats: number;
}

const program = fileURLToPath(new URL('./fleet-process.ts', import.meta.url));

/**
 * Lets a fleet land on a new project of the store behind `prefix`, and requires that it landed each session exactly
 * once, in one line of landings, and lost no edit, and that the store is whole.
 */
export async function runFleet(bucket: TestBucket, prefix: string, plan: FleetPlan): Promise<FleetOutcome> {
  const store = bucket.store(prefix);
  try {
    const project = await openTestProject(filesBefore(plan), store);
    const children = Array.from({ length: plan.processes }, (_, at) => launch(bucket, prefix, plan, at));
    try {
      await Promise.all(children.map(answer));
      const started = performance.now();
      const answers = children.map((child) => answer(child) as Promise<FleetReport>);
      for (const child of children) child.send('go');
      const reports = await Promise.all(answers);
      const ms = performance.now() - started;
      await requireEachOnce(await project.reopen(), plan, reports);
      return { ms, repeats: reports.reduce((sum, { repeats }) => sum + repeats, 0) };
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  } finally {
    await store.close();
  }
}

function launch(bucket: TestBucket, prefix: string, plan: FleetPlan, at: number): ChildProcess {
  const orders: FleetOrders = {
    url: bucket.url(prefix, plan.endpoints[at % plan.endpoints.length]),
    process: at,
    sessions: plan.sessions,
    atOnce: plan.atOnce,
    stallMsMax: plan.stallMsMax,
  };
  const env = { ...process.env, ...bucket.environment };
  return fork(program, [JSON.stringify(orders)], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

/** The next message of a process; its end is none. */
async function answer(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) =>
    assert.fail(`a process of the fleet ended with ${code}`),
  );
  // It ends some time, whatever it was asked.
  ended.catch(() => {});
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  return message;
}

async function requireEachOnce(
  project: TestProject,
  plan: FleetPlan,
  reports: readonly FleetReport[],
): Promise<void> {
  const told = reports.flatMap(({ landed }) => landed);
  assert.equal(told.length, plan.processes * plan.sessions);
  const { head } = await project.ledger.readHead();
  // The first landing brought the files.
  assert.equal(head.sequence, told.length + 1);
  const sequences = Array.from({ length: head.sequence }, (_, i) => i + 1);
  const landings = await inBatches(sequences, (sequence) => project.ledger.readLanding(sequence));
  for (const [i, landing] of landings.entries()) {
    assert.equal(landing.sequence, i + 1);
    if (i > 0) assert.equal(landing.before, landings[i - 1]!.tree, `landing ${i + 1} is not upon ${i}`);
  }
  assert.equal(landings.at(-1)!.tree, head.tree);
  const recorded = landings.slice(1).map(({ origin, sequence }) => {
    assert.ok(origin.kind === 'session');
    return { session: origin.session, sequence };
  });
  assert.deepEqual(new Map(entriesOf(recorded)), new Map(entriesOf(told)));
  await inBatches(told, async ({ session: id, sequence }) => {
    const session = await requireSession(project, id);
    assert.deepEqual([session.state, session.landed?.sequence], ['completed', sequence]);
  });
  const files: Record<string, string> = {};
  for await (const { path, entry } of listAll(project.nodes, head.tree)) {
    if (entry.type === 'file')
      files[path] = (await readWholeFile(project.blobs, entry as FileEntry)).toString();
  }
  assert.deepEqual(files, filesAfter(plan));
  const { damagedPacks, lostDocuments, missing } = await checkProject(project);
  assert.deepEqual([damagedPacks, lostDocuments, missing], [[], [], []]);
}

function entriesOf(landed: FleetReport['landed']): [SessionId, number][] {
  return landed.map(({ session, sequence }) => [session, sequence]);
}

async function inBatches<T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = [];
  for (let at = 0; at < items.length; at += 32) {
    results.push(...(await Promise.all(items.slice(at, at + 32).map(work))));
  }
  return results;
}
