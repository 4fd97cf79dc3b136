import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenProject } from '../src/app/open-project.ts';
import { NfsClient } from '../src/nfs/fixtures/nfs-client.ts';
import type { Session } from '../src/session/session.ts';
import { startSession } from '../src/session/start.ts';
import { type BenchFileServer, startFileServer } from './file-server.ts';
import { type Benchmark, inScratch, median, medianRatio, ms, sideBySide, times } from './measure.ts';
import { agent, filePath, makeProject } from './project.ts';

const rounds = 5;
const files = 100_000;
const changed = 10;

/** Landing ten files of 100,000 that were changed in a mount and, in turn, in a checkout: recording them included. */
const benchmark: Benchmark = (say) =>
  inScratch(async (scratch) => {
    say(`making a project of ${files} files`);
    const store = join(scratch, 'store');
    const project = await makeProject(store, files, 'every content');
    const server = await startFileServer(scratch, store);
    const sessions = server.sessions(project);
    let turn = 0;
    let session: Session;
    const prepare = (kind: 'mount' | 'checkout') => async () => {
      session = await startSession(project, { title: 'bench', goal: 'bench', agent });
      say(`${kind} of session ${++turn}`);
      const directory = join(scratch, 'workspaces', session.id);
      await sessions.placeNew(session, { kind, directory }, () => {});
      if (kind === 'mount') await editMount(server, project, store, session, turn);
      else editDirectory(directory, turn);
    };
    const run = async () => {
      const result = await sessions.land(session.id, 'bench');
      if (result.outcome !== 'landed') throw new Error('A landing of the benchmark met a conflict.');
    };
    const spent = await sideBySide(rounds, {
      mount: { prepare: prepare('mount'), run },
      checkout: { prepare: prepare('checkout'), run },
    });
    await server.stop();
    return [
      {
        what: `landing ${changed} files of ${files.toLocaleString('en-US')} from a mount`,
        value: ms(median(spent.mount)),
        against: `from a checkout ${ms(median(spent.checkout))}`,
        ratio: `${times(medianRatio(spent.checkout, spent.mount))} faster`,
        aim: 'as from a checkout',
      },
    ];
  });

function pathsOf(turn: number): string[] {
  return Array.from({ length: changed }, (_, i) => filePath((turn * changed + i * 997) % files));
}

function editDirectory(directory: string, turn: number): void {
  for (const path of pathsOf(turn)) writeFileSync(join(directory, path), `changed in turn ${turn}\n`);
}

/** Writes as a client of the kernel would. */
async function editMount(
  server: BenchFileServer,
  project: OpenProject,
  store: string,
  { id }: Session,
  turn: number,
): Promise<void> {
  const served = await server.files.find(store, id);
  if (served === undefined) throw new Error(`${project.name} has no mount of ${id}`);
  const client = await NfsClient.connect(served.port);
  const { root } = await client.mount(served.path);
  for (const path of pathsOf(turn)) {
    let handle = root;
    for (const name of path.split('/')) ({ handle } = await client.lookup(handle, name));
    await client.setattr(handle, { size: 0 });
    await client.write(handle, 0, Buffer.from(`changed in turn ${turn}\n`), 2);
  }
  await client.close();
}

export default benchmark;
