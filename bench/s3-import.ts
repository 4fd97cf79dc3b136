import { join } from 'node:path';
import { type CephBucket, prepareCeph, startCeph } from './ceph.ts';
import { makeFiles } from './files.ts';
import {
  type Benchmark,
  has,
  inScratch,
  median,
  medianRatio,
  ms,
  type Row,
  run,
  timed,
  times,
} from './measure.ts';
import { publishedBin } from './published-bin.ts';

const rounds = 3;
const [count, bytes] = [100_000, 1e9];
/** rclone sends one request a file: at its defaults, minutes. */
const slowRounds = 1;

/** A way to bring files into a bucket; `prepare` is not measured. */
interface Alternative {
  readonly what: string;
  readonly rounds: number;
  readonly prepare?: (environment: NodeJS.ProcessEnv) => void;
  readonly run: (environment: NodeJS.ProcessEnv) => void;
}

/** Importing 1 GB in 100,000 files into a bucket, against rclone and restic, whole processes each, on a server of its own. */
const benchmark: Benchmark = (say) =>
  inScratch(async (scratch) => {
    prepareCeph();
    const files = join(scratch, 'files');
    say(`making ${count} files of ${bytes / 1e9} GB in all`);
    makeFiles(files, count, bytes);
    // Whoever reads them first must not wait until they are on the disk.
    run('sync', []);
    const alternatives = { mic: micelio(files), ...resticWays(files), ...rcloneWays(files) };
    const measured = new Map<string, number[]>();
    for (let round = 0; round < rounds; round++) {
      for (const [name, alternative] of Object.entries(alternatives)) {
        if (round >= alternative.rounds) continue;
        const spent = await onServer(scratch, `${name}-${round}`, alternative);
        say(`${alternative.what}: ${ms(spent)}`);
        measured.set(name, [...(measured.get(name) ?? []), spent]);
      }
    }
    const ours = measured.get('mic')!;
    return Object.entries(alternatives)
      .filter(([name]) => name !== 'mic')
      .map(([name, { what }], at): Row => {
        const theirs = measured.get(name)!;
        return {
          what:
            at === 0 ? `\`mic project create\` of ${count.toLocaleString('en-US')} files, 1 GB, to Ceph` : '',
          value: at === 0 ? ms(median(ours)) : '',
          against: `${what}: ${ms(median(theirs))}`,
          ratio: times(medianRatio(theirs, ours)),
          aim: 'above 1×',
        };
      });
  });

/** Runs an alternative against a server that is new and empty, with caches that are; how long it takes, in ms. */
async function onServer(scratch: string, name: string, { prepare, run: work }: Alternative): Promise<number> {
  const ceph = await startCeph();
  try {
    const environment = environmentOf(join(scratch, 'homes', name), ceph);
    prepare?.(environment);
    return await timed(() => work(environment));
  } finally {
    await ceph.end();
  }
}

function environmentOf(home: string, { bucket }: CephBucket): NodeJS.ProcessEnv {
  const [endpoint = ''] = bucket.service.endpoints;
  return {
    PATH: process.env.PATH,
    HOME: home,
    ...bucket.environment,
    MICELIO_STORE: bucket.url('micelio'),
    MICELIO_AGENT_NAME: 'bench',
    MICELIO_AGENT_EMAIL: 'bench@example.org',
    RESTIC_PASSWORD: 'bench',
    RESTIC_REPOSITORY: `s3:${endpoint}/${bucket.name}/restic`,
    RCLONE_CONFIG_CEPH_TYPE: 's3',
    RCLONE_CONFIG_CEPH_PROVIDER: 'Ceph',
    RCLONE_CONFIG_CEPH_ENV_AUTH: 'true',
    RCLONE_CONFIG_CEPH_ENDPOINT: endpoint,
    BENCH_TARGET: `ceph:${bucket.name}/rclone`,
  };
}

function micelio(files: string): Alternative {
  const mic = join(publishedBin, 'mic');
  return {
    what: 'mic project create',
    rounds,
    run: (env) => run(mic, ['project', 'create', 'bench/project', `--from=${files}`, '--all'], { env }),
  };
}

function resticWays(files: string): Record<string, Alternative> {
  if (!has('restic')) return {};
  const way = (what: string, options: readonly string[]): Alternative => ({
    what,
    rounds,
    prepare: (env) => run('restic', ['init', '-q'], { env }),
    run: (env) => run('restic', [...options, 'backup', '-q', files], { env }),
  });
  return {
    restic: way('restic backup', []),
    resticTuned: way('restic backup, 16 connections', ['-o', 's3.connections=16']),
  };
}

function rcloneWays(files: string): Record<string, Alternative> {
  if (!has('rclone')) return {};
  const way = (what: string, options: readonly string[]): Alternative => ({
    what,
    rounds: slowRounds,
    run: (env) => run('rclone', ['copy', '--quiet', ...options, files, env.BENCH_TARGET!], { env }),
  });
  return {
    rclone: way('rclone copy', []),
    rcloneTuned: way('rclone copy, 64 transfers, no HEAD', [
      '--transfers=64',
      '--checkers=64',
      '--s3-no-head',
      '--s3-no-check-bucket',
    ]),
  };
}

export default benchmark;
