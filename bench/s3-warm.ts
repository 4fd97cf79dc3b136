import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readConfiguration } from '../src/app/configuration.ts';
import type { OpenProject } from '../src/app/open-project.ts';
import { inFrontOf } from '../src/app/open-remote-store.ts';
import { storeName } from '../src/app/store-cache.ts';
import { systemRandom } from '../src/base/random.ts';
import { readWholeFile } from '../src/blob/file.ts';
import { checkpointSession } from '../src/session/checkpoint.ts';
import { landSession } from '../src/session/landing/land-session.ts';
import type { Session } from '../src/session/session.ts';
import { startSession } from '../src/session/start.ts';
import { systemSleep } from '../src/storage/backoff.ts';
import { DirectoryStore } from '../src/storage/directory/directory-store.ts';
import type { ObjectStore } from '../src/storage/object-store.ts';
import { RetryingStore } from '../src/storage/retrying-store.ts';
import { editTree } from '../src/tree/edit.ts';
import type { FileEntry } from '../src/tree/entry.ts';
import { lookup } from '../src/tree/lookup.ts';
import { NodeTransaction } from '../src/tree/node-store.ts';
import { createCheckout } from '../src/workspace/checkout/checkout.ts';
import { prepareCeph, startCeph } from './ceph.ts';
import { type Benchmark, inScratch, median, medianRatio, ms, type Row, timed, times } from './measure.ts';
import { agent, filePath, makeProject, openProject } from './project.ts';
import { MeteredStore } from './request-meter.ts';

const fileCount = 10_000;

/** Where a project is, and where things of this alternative may be put. */
interface Place {
  readonly store: ObjectStore;
  readonly scratch: string;
}

interface Operation {
  readonly what: string;
  readonly rounds: number;
  /** Prepares one, and answers what is measured. */
  readonly prepare: (place: Place, round: number) => Promise<() => Promise<unknown>>;
}

/** What one alternative took, by round, in ms; `own` is without the time in which the server was asked something. */
interface Spent {
  readonly all: number[];
  readonly own: number[];
  readonly requests: number[];
}

/** Operations on a project in a bucket whose content is in the cache on the disk, against the same in a directory. */
const benchmark: Benchmark = (say) =>
  inScratch(async (scratch) => {
    prepareCeph();
    const ceph = await startCeph();
    try {
      const s3 = ceph.bucket.store('warm');
      const meter = new MeteredStore(new RetryingStore(s3, { random: systemRandom, sleep: systemSleep }));
      const places: readonly Place[] = [
        { store: await withTiers(meter, scratch), scratch: join(scratch, 'remote') },
        { store: new DirectoryStore(join(scratch, 'store')), scratch: join(scratch, 'local') },
      ];
      for (const { store } of places) await makeProject(store, fileCount, 'every content');
      const rows: Row[] = [];
      for (const operation of operations) {
        say(operation.what);
        rows.push(rowOf(operation, await measure(operation, places, meter)));
      }
      return rows;
    } finally {
      await ceph.end();
    }
  });

const operations: readonly Operation[] = [
  {
    what: 'session start',
    rounds: 50,
    prepare: async ({ store }) => {
      const project = await openProject(store);
      return () => startSession(project, { title: 'bench', goal: 'bench', agent });
    },
  },
  {
    what: 'reading a file of a new process',
    rounds: 50,
    prepare: async ({ store }, round) => {
      const project = await openProject(store);
      return async () => {
        const { head } = await project.ledger.readHead();
        const entry = await lookup(project.nodes, head.tree, filePath((round * 97) % fileCount));
        await readWholeFile(project.blobs, entry as FileEntry);
      };
    },
  },
  {
    what: 'landing 10 files, recorded before, head moved',
    rounds: 30,
    prepare: async ({ store }, round) => {
      const project = await openProject(store);
      const [first, second] = [await start(project), await start(project)];
      await record(project, first, round * 2);
      await record(project, second, round * 2 + 1);
      await landSession(project, project.landings, { session: first.id, message: 'bench' });
      return () => landSession(project, project.landings, { session: second.id, message: 'bench' });
    },
  },
  {
    what: `checkout of ${fileCount.toLocaleString('en-US')} files`,
    rounds: 5,
    prepare: async ({ store, scratch }) => {
      const project = await openProject(store);
      const { head } = await project.ledger.readHead();
      const directory = join(scratch, 'checkout');
      rmSync(directory, { recursive: true, force: true });
      return () => createCheckout(project, directory, head.tree, null);
    },
  },
];

async function measure(
  { prepare, rounds }: Operation,
  places: readonly Place[],
  meter: MeteredStore,
): Promise<Spent[]> {
  const spent = places.map((): Spent => ({ all: [], own: [], requests: [] }));
  // The first round warms up: the cache on the disk, too.
  for (let round = -1; round < rounds; round++) {
    for (const [at, place] of places.entries()) {
      const work = await prepare(place, round + 1);
      meter.take();
      const all = await timed(work);
      const { requests, waitedMs } = meter.take();
      if (round < 0) continue;
      spent[at]!.all.push(all);
      spent[at]!.own.push(all - waitedMs);
      spent[at]!.requests.push(requests);
    }
  }
  return spent;
}

function rowOf({ what }: Operation, [remote, local]: readonly Spent[]): Row {
  const own = medianRatio(remote!.own, local!.own);
  return {
    what,
    value: `${ms(median(remote!.all))}; without its ${median(remote!.requests)} requests ${ms(median(remote!.own))}`,
    against: `directory: ${ms(median(local!.all))}`,
    ratio: `${times(medianRatio(remote!.all, local!.all))}; without requests ${times(own)}`,
    aim: 'under 1.2× without requests',
  };
}

/** What is in front of the server, as `mic` has it. */
function withTiers(remote: ObjectStore, scratch: string): Promise<ObjectStore> {
  const { tiers } = readConfiguration({ HOME: scratch }, scratch);
  return inFrontOf(remote, storeName('bench'), tiers, (problem) => {
    throw problem;
  });
}

function start(project: OpenProject): Promise<Session> {
  return startSession(project, { title: 'bench', goal: 'bench', agent });
}

/** Changes ten files that no other call changes, spread over the project, and records them. */
async function record(project: OpenProject, session: Session, turn: number): Promise<void> {
  const batch = await project.blobs.openBatch();
  const edits = Array.from({ length: 10 }, (_, i) => {
    const bytes = Buffer.from(`changed in turn ${turn}, ${i}\n`);
    const path = filePath((turn + i * (fileCount / 10)) % fileCount);
    const entry = { type: 'file' as const, mode: 0o644, size: bytes.length, hash: batch.add(bytes) };
    return { path, entry };
  });
  const tree = await editTree(new NodeTransaction(project.nodes, batch), session.tree, edits);
  await batch.flush();
  await checkpointSession(project, session, tree, '');
}

export default benchmark;
