import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Micelio } from '../src/app/micelio.ts';
import { openStore } from '../src/app/open-store.ts';
import { RequestCounter, type RequestCounts, sumOfCounts } from '../src/app/request-counter.ts';
import { RequestTally } from '../src/app/request-tally.ts';
import { StoreRequests } from '../src/app/store-requests.ts';
import { systemClock } from '../src/base/clock.ts';
import { systemRandom } from '../src/base/random.ts';
import { readWholeFile } from '../src/blob/file.ts';
import { parseProjectName } from '../src/session/project-name.ts';
import { lookup } from '../src/tree/lookup.ts';
import type { TreePath } from '../src/tree/path.ts';
import { CephCluster, type S3Service } from '../test/ceph/cluster.ts';
import { cephLack } from '../test/ceph/lack.ts';
import { makeFiles } from './files.ts';
import { type Benchmark, inScratch, type Row } from './measure.ts';
import { publishedBin } from './published-bin.ts';

const mic = join(publishedBin, 'mic');
const micFs = join(publishedBin, 'mic-fs');
const project = 'bench/project';
const files = 2_000;

/**
 * What each operation costs in requests on S3, whole processes, as `mic store stats` counts them
 * (`docs/store-requests.md`). With MICELIO_BENCH_LARGE=1 also an import of 100,000 files, 1 GB.
 */
const benchmark: Benchmark = async (say) => {
  const lack = cephLack();
  if (lack !== undefined) throw new Error(`This machine cannot run this: ${lack}`);
  const directory = mkdtempSync(join(tmpdir(), 'mic-s3-'));
  say('starting an S3 server');
  const cluster = await CephCluster.start({ directory });
  try {
    return await inScratch((scratch) => measure(scratch, cluster.service, say));
  } finally {
    await cluster.kill();
    rmSync(directory, { recursive: true, force: true });
  }
};

/** A machine that works on the store: its home, with a cache of its own, and what it has sent. */
class Machine {
  readonly home: string;
  readonly url: string;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(home: string, url: string, { accessKeyId, secretAccessKey }: S3Service) {
    this.home = home;
    this.url = url;
    mkdirSync(home);
    this.#environment = {
      PATH: process.env.PATH,
      TMPDIR: tmpdir(),
      HOME: home,
      MICELIO_STORE: url,
      MICELIO_PROJECT: project,
      MICELIO_AGENT_NAME: 'bench',
      MICELIO_AGENT_EMAIL: 'bench@example.org',
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
  }

  /** Runs `mic … --json`; exits besides 0 are `allowed`. */
  mic<T>(args: readonly string[], { cwd = this.home, allowed = [0] } = {}): T {
    const { status, stdout } = this.#run(mic, [...args, '--json'], cwd);
    if (!allowed.includes(status ?? -1))
      throw new Error(`mic ${args.join(' ')} ended with ${status}: ${stdout}`);
    return JSON.parse(stdout) as T;
  }

  stopFileServer(): void {
    this.#run(micFs, ['stop'], this.home);
  }

  /** What the last call of a command has cost, or, of mic-fs, all that it has sent. */
  cost(operation: string): RequestCounts {
    const tallies = new RequestTally(join(this.home, '.local/state/micelio/requests')).read(this.url);
    const found = tallies.filter((tally) => tally.operation.startsWith(operation));
    // A file server that nobody has asked for a file may have sent nothing.
    if (operation === 'mic-fs')
      return found.map(({ sum }) => sum).reduce(sumOfCounts, new RequestCounter().total);
    if (found.length === 0) throw new Error(`Nothing is known of ${operation}.`);
    return found[0]!.last;
  }

  #run(program: string, args: readonly string[], cwd: string) {
    return spawnSync(program, args, { cwd, env: this.#environment, encoding: 'utf8', maxBuffer: 1 << 28 });
  }
}

interface Placed {
  readonly sessionId: string;
  readonly workspace: string;
}

async function measure(
  scratch: string,
  service: S3Service,
  say: (text: string) => void,
): Promise<readonly Row[]> {
  const url = `s3://bench/store?endpoint=${service.endpoints[0]}`;
  let machines = 0;
  const machine = (): Machine => new Machine(join(scratch, `machine-${machines++}`), url, service);
  const ada = machine();
  const rows: Row[] = [];
  const note = (what: string, counts: RequestCounts, aim?: string): void => {
    say(`${what}: ${counts.total}`);
    rows.push({ what, value: described(counts), ...(aim !== undefined && { aim }) });
  };
  const made = join(scratch, 'files');
  makeFiles(made, files, files * 10_000);

  ada.mic(['store', 'init', url]);
  note('`store init`, the bucket is new', ada.cost('store init'));
  ada.mic(['project', 'create', 'bench/empty']);
  note('`project create`, empty', ada.cost('project create'));
  ada.mic(['project', 'create', project, `--from=${made}`, '--files']);
  note('`project create --from`, 2,000 files, 20 MB', ada.cost('project create'));
  ada.mic(['project', 'import', project, `--from=${made}`, '--files']);
  note('`project import` of the same once more', ada.cost('project import'));

  const start = ['session', 'start', 'bench'];
  ada.mic([...start, '--workspace=none']);
  note('`session start --workspace=none`', ada.cost('session start'), '≤ 2');
  const first = ada.mic<Placed>(start);
  note('`session start` with a checkout, warm cache', ada.cost('session start'));
  const ben = machine();
  const second = ben.mic<Placed>(start);
  note('`session start` with a checkout, cold cache', ben.cost('session start'));
  const cleo = machine();
  cleo.mic([...start, '--workspace=mount'], { allowed: [0, 8] });
  note('`session start` with a mount, `mic`, cold cache', cleo.cost('session start'));
  cleo.stopFileServer();
  note('the same, `mic-fs`, until it has stopped', cleo.cost('mic-fs'));

  ada.mic(['session', 'checkpoint'], { cwd: first.workspace });
  note('`session checkpoint`, nothing changed', ada.cost('session checkpoint'));
  change(first.workspace, 0);
  ada.mic(['session', 'checkpoint'], { cwd: first.workspace });
  note('`session checkpoint`, 10 files changed', ada.cost('session checkpoint'));
  change(first.workspace, 1);
  ada.mic(['land'], { cwd: first.workspace });
  note('`land`, 10 files changed, head as it was', ada.cost('land'), '≤ 12');
  change(second.workspace, 2);
  ben.mic(['land'], { cwd: second.workspace });
  note('`land`, 10 files changed, head moved', ben.cost('land'), '≤ 12');
  const third = ada.mic<Placed>(start);
  const fourth = ben.mic<Placed>(start);
  change(fourth.workspace, 4);
  ben.mic(['land'], { cwd: fourth.workspace });
  ada.mic(['session', 'sync'], { cwd: third.workspace });
  note('`session sync`, 10 files landed since', ada.cost('session sync'));

  ada.mic(['project', 'list']);
  note('`project list`, 2 projects', ada.cost('project list'));
  const filled = (count: number): void => {
    const sessions = ada.mic<unknown[]>(['session', 'list', '--all']);
    for (let i = sessions.length; i < count; i++) ada.mic([...start, '--workspace=none']);
    ada.mic(['session', 'list', '--all']);
    note(`\`session list\`, ${count} sessions`, ada.cost('session list'));
  };
  filled(10);
  filled(100);
  ada.mic(['session', 'show', first.sessionId]);
  note('`session show`', ada.cost('session show'));
  const dan = machine();
  dan.mic(['why', changed(1, 0)]);
  note('`why` of one file, cold cache', dan.cost('why'));
  note('one small file read, library, cold cache', await coldRead(machine(), service), '≤ 4');

  ada.mic(['store', 'gc']);
  note('`store gc`, nothing to do', ada.cost('store gc'));
  ada.mic(['store', 'fsck']);
  note('`store fsck`', ada.cost('store fsck'));
  const copy = join(scratch, 'copy');
  mkdirSync(copy);
  for (const what of ['first', 'nothing new']) {
    ada.mic(['store', 'copy', url, copy]);
    note(`\`store copy\` to a directory, ${what}`, ada.cost('store copy'));
  }
  if (process.env.MICELIO_BENCH_LARGE === '1') {
    say('making 100,000 files of 1 GB in all');
    const large = join(scratch, 'large');
    makeFiles(large, 100_000, 1e9);
    ada.mic(['project', 'create', 'bench/large', `--from=${large}`, '--files']);
    note('`project create --from`, 100,000 files, 1 GB', ada.cost('project create'), '≤ 100');
  }
  return rows;
}

/** A file that the changes of a turn touch. */
function changed(turn: number, i: number): string {
  const index = i * 200 + turn;
  return `package-${Math.floor(index / 2500)}/src/module-${Math.floor(index / 50)}/file-${index}.ts`;
}

function change(workspace: string, turn: number): void {
  for (let i = 0; i < 10; i++)
    writeFileSync(join(workspace, changed(turn, i)), `changed in turn ${turn}, ${i}\n`);
}

/** Reads a file of the head as a process does that has just started, on a machine that has read nothing before. */
async function coldRead({ home, url }: Machine, service: S3Service): Promise<RequestCounts> {
  process.env.AWS_ACCESS_KEY_ID = service.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = service.secretAccessKey;
  const requests = new StoreRequests();
  const tiers = { cache: join(home, 'cache'), cacheBytes: 2 ** 30, peers: undefined };
  const store = await openStore({ store: url, tiers, requests }, (problem) => {
    throw problem;
  });
  const micelio = new Micelio({ store, clock: systemClock, random: systemRandom });
  const { ledger, nodes, blobs } = await micelio.project(parseProjectName(project));
  const entry = await lookup(nodes, (await ledger.readHead()).head.tree, changed(7, 3) as TreePath);
  if (entry?.type !== 'file') throw new Error('The file is not there.');
  await readWholeFile(blobs, entry);
  return requests.counter!.total;
}

function described({
  total,
  get,
  put,
  list,
  delete: deleted,
  other,
  bytesRead,
  bytesWritten,
}: RequestCounts): string {
  if (total === 0) return '**0**';
  const parts = Object.entries({ GET: get, PUT: put, LIST: list, DELETE: deleted, other })
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`);
  return `**${total}**: ${parts.join(', ')}; ${kilobytes(bytesRead)} read, ${kilobytes(bytesWritten)} written`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toLocaleString('en-US', { maximumFractionDigits: bytes < 10_000 ? 1 : 0 })} KB`;
}

export default benchmark;
