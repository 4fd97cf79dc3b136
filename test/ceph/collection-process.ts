import { Micelio } from '../../src/app/micelio.ts';
import type { OpenProject } from '../../src/app/open-project.ts';
import { hasCode } from '../../src/base/error.ts';
import { systemRandom } from '../../src/base/random.ts';
import { checkpointSession } from '../../src/session/checkpoint.ts';
import { collectGarbage } from '../../src/session/collect-garbage.ts';
import { removeSession } from '../../src/session/keep.ts';
import { landSession } from '../../src/session/landing/land-session.ts';
import { parseProjectName } from '../../src/session/project-name.ts';
import { startSession } from '../../src/session/start.ts';
import { systemSleep } from '../../src/storage/backoff.ts';
import { RetryingStore } from '../../src/storage/retrying-store.ts';
import { parseS3Location } from '../../src/storage/s3/s3-location.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { agent, writeFiles } from '../test-project.ts';
import { FastStore, type FastTime, fastClock } from './fast-time.ts';

/** What one of the processes does that write to a project and collect its garbage at the same time. */
export interface CollectionOrders {
  readonly url: string;
  readonly name: string;
  readonly role: 'write' | 'collect';
  readonly time: FastTime;
  /** For how long, in real ms. */
  readonly durationMs: number;
}

export interface CollectionReport {
  readonly landed: readonly string[];
  readonly deletedPacks: number;
  readonly collections: number;
}

/** Real ms between two sessions, or two collections, of a process: to check many sessions afterwards takes long. */
const betweenMs = { write: 2000, collect: 500 };

const orders = JSON.parse(process.argv[2]!) as CollectionOrders;
const surroundings = { random: systemRandom, sleep: systemSleep };
const remote = new S3Store(parseS3Location(orders.url), surroundings);
const store = new FastStore(new RetryingStore(remote, surroundings), orders.time);
const clock = fastClock(orders.time);
const landed: string[] = [];
let deletedPacks = 0;
let collections = 0;

/** The project as a process that has just begun sees it. */
function open(): Promise<OpenProject> {
  return new Micelio({ store, clock, random: systemRandom }).project(parseProjectName('acme/web'));
}

/** Lands a session, and leaves another one for the collectors: removed, with a tree that nobody else has. */
async function write(project: OpenProject, number: number): Promise<void> {
  const path = `${orders.name}/${number}.txt`;
  for (const fate of ['lands', 'goes'] as const) {
    const session = await startSession(project, { title: path, goal: fate, agent });
    // What goes is written again and again: others build upon it while it is collected.
    const files = { [fate === 'lands' ? path : `goes/${number % 5}`]: `${fate} ${number % 7}\n`.repeat(40) };
    const tree = await writeFiles(project, session.tree, files);
    await checkpointSession(project, session, tree, '');
    if (fate === 'goes') await removeSession(project, session.id, 'ada', 0, null);
    else {
      const result = await landSession(project, project.landings, { session: session.id, message: path });
      if (result.outcome === 'landed') landed.push(path);
    }
  }
}

async function collect(): Promise<void> {
  const collected = await collectGarbage(await open(), { graceHours: 24, mode: 'collect' });
  deletedPacks += collected.deletedPacks;
  collections++;
}

const endMs = Date.now() + orders.durationMs;
const project = await open();
for (let number = 0; Date.now() < endMs; number++) {
  try {
    await (orders.role === 'write' ? write(project, number) : collect());
    await systemSleep(betweenMs[orders.role]);
  } catch (error) {
    // Half a second is hours here: who was slow is told so, and nothing was recorded or lost.
    if (!hasCode(error, 'blob/too-slow')) throw error;
  }
}
process.send!({ landed, deletedPacks, collections } satisfies CollectionReport);
await remote.close();
process.disconnect!();
