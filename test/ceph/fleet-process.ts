import { Micelio } from '../../src/app/micelio.ts';
import { systemClock } from '../../src/base/clock.ts';
import { hasCode } from '../../src/base/error.ts';
import type { Hash } from '../../src/base/hash.ts';
import { systemRandom } from '../../src/base/random.ts';
import { readWholeFile } from '../../src/blob/file.ts';
import { checkpointSession } from '../../src/session/checkpoint.ts';
import { landSession } from '../../src/session/landing/land-session.ts';
import { requireSession } from '../../src/session/project.ts';
import { parseProjectName } from '../../src/session/project-name.ts';
import { startSession } from '../../src/session/start.ts';
import { systemSleep } from '../../src/storage/backoff.ts';
import { RetryingStore } from '../../src/storage/retrying-store.ts';
import { parseS3Location } from '../../src/storage/s3/s3-location.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { editTree, type TreeEdit } from '../../src/tree/edit.ts';
import type { FileEntry } from '../../src/tree/entry.ts';
import { lookup } from '../../src/tree/lookup.ts';
import { NodeTransaction } from '../../src/tree/node-store.ts';
import type { TreePath } from '../../src/tree/path.ts';
import { agent } from '../test-project.ts';
import type { FleetOrders, FleetReport } from './fleet.ts';
import { editShared, ownPath, ownText, sharedPath } from './fleet-files.ts';

/**
 * One of the processes that land on a project at the same time. Each of its sessions starts, writes a file of its own
 * and a line of a shared one, is recorded, and lands. Says when it is ready, and what it has done.
 */
const orders = JSON.parse(process.argv[2]!) as FleetOrders;
const surroundings = { random: systemRandom, sleep: systemSleep };
const { stallMsMax } = orders;
const remote = new S3Store(parseS3Location(orders.url), {
  ...surroundings,
  ...(stallMsMax !== undefined && { stallMsMax }),
});
const store = new RetryingStore(remote, surroundings);
const project = await new Micelio({ store, clock: systemClock, random: systemRandom }).project(
  parseProjectName('acme/web'),
);
let repeats = 0;

/** Does `work` again where the store was out of reach, or could not tell whether it was done. */
async function insisting<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!hasCode(error, 'storage/unavailable')) throw error;
      repeats++;
    }
  }
}

/** Writes the tree that `tree` becomes with `files`, as a checkpoint of a workspace does. */
async function edit(tree: Hash, files: Readonly<Record<string, string>>): Promise<Hash> {
  const batch = await project.blobs.openBatch({ expects: 'few' });
  const edits = Object.entries(files).map(([path, text]): TreeEdit => {
    const bytes = Buffer.from(text);
    const entry: FileEntry = { type: 'file', mode: 0o644, size: bytes.length, hash: batch.add(bytes) };
    return { path: path as TreePath, entry };
  });
  const root = await editTree(new NodeTransaction(project.nodes, batch), tree, edits);
  await batch.flush();
  return root;
}

async function workAndLand(number: number): Promise<FleetReport['landed'][number]> {
  const { process } = orders;
  const title = `${number} of ${process}`;
  const session = await insisting(() => startSession(project, { title, goal: title, agent }));
  const tree = await insisting(async () => {
    const path = sharedPath(process, number);
    const entry = (await lookup(project.nodes, session.tree, path as TreePath)) as FileEntry;
    const text = (await readWholeFile(project.blobs, entry)).toString();
    return edit(session.tree, {
      [path]: editShared(text, process, number),
      [ownPath(process, number)]: ownText(process, number),
    });
  });
  // Read anew each time: it may have been recorded without anybody having heard of it.
  await insisting(async () =>
    checkpointSession(project, await requireSession(project, session.id), tree, ''),
  );
  const result = await insisting(() =>
    landSession(project, project.landings, { session: session.id, message: `Land ${title}` }),
  );
  if (result.outcome !== 'landed') throw new Error(`${title} met a conflict`);
  return { session: session.id, sequence: result.landing.sequence };
}

/** Works on all sessions, some at once. */
async function workOnAll(): Promise<FleetReport> {
  const landed: FleetReport['landed'][number][] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < orders.sessions) landed.push(await workAndLand(next++));
  };
  await Promise.all(Array.from({ length: orders.atOnce }, worker));
  return { landed, repeats };
}

process.once('message', async () => {
  process.send!(await workOnAll());
  await remote.close();
  process.disconnect!();
});
process.send!('ready');
