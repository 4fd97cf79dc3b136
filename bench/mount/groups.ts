/** Something that is timed in the guest, in a directory of the mount. */
export interface Action {
  readonly what: string;
  /** Whether the client is to have forgotten all that it knows of the files. */
  readonly client: 'cold' | 'warm';
  readonly script: string;
  /** What is measured: the seconds that the script takes, or a rate that it prints. */
  readonly measure: 'seconds' | 'rate';
  readonly aim: string;
}

/** Actions that build upon each other. */
export interface Group {
  /** Run once in each mount, before anything is timed. */
  readonly prepare?: string;
  readonly actions: readonly Action[];
  /** Run after each round. */
  readonly clear?: string;
}

/** How much of everything. 1 is what docs/benchmarks.md has. */
export type Scale = number;

/** How many files the project has that is mounted: in `tree/`, and in `repository.git` as a commit. */
export const projectFiles = (scale: Scale): number => Math.round(50_000 * scale);
/** How many files there are in the archive `/run/tmp/small.tar` of the guest. */
export const archiveFiles = (scale: Scale): number => Math.round(20_000 * scale);

/** Where the guest has what actions read: a repository `repository.git`, and an npm project `npm/`. */
export const sourceDirectory = '/run/sources';

const asFast = '≥ 1';
const git = 'git -c core.hooksPath=/dev/null -c safe.directory="*"';
const status = `${git} --git-dir=repository.git --work-tree=tree status --porcelain --untracked-files=all`;

const seconds = (what: string, client: Action['client'], script: string): Action => ({
  what,
  client,
  script,
  measure: 'seconds',
  aim: asFast,
});

/** All that is measured, by the name to ask for. */
export function groups(scale: Scale): Readonly<Record<string, Group>> {
  const files = projectFiles(scale).toLocaleString('en');
  const mebibytes = Math.max(16, Math.round(1024 * scale));
  return {
    walk: {
      actions: [
        seconds(`find -ls, ${files} files`, 'cold', 'find tree -ls > /dev/null'),
        seconds(`find -ls, ${files} files`, 'warm', 'find tree -ls > /dev/null'),
      ],
    },
    status: {
      // Reads every file, for what the index says of them is true of another disk.
      prepare: `${status} > /run/tmp/status; test ! -s /run/tmp/status`,
      actions: [
        seconds(`git status, ${files} files`, 'cold', status),
        seconds(`git status, ${files} files`, 'warm', status),
      ],
    },
    untar: {
      actions: [
        seconds(
          `untar of ${archiveFiles(scale).toLocaleString('en')} small files`,
          'warm',
          'tar -xf /run/tmp/small.tar',
        ),
        seconds('rm -rf of them', 'warm', 'rm -rf small'),
        seconds('untar again', 'warm', 'tar -xf /run/tmp/small.tar'),
        seconds('rm -rf of them', 'cold', 'rm -rf small'),
      ],
    },
    data: {
      actions: [
        {
          ...seconds(
            `sequential write of ${mebibytes} MiB, synced`,
            'warm',
            `dd if=/dev/zero of=data bs=1M count=${mebibytes} conv=fsync status=none`,
          ),
          aim: '≥ 0.9',
        },
        { ...seconds(`sequential read of ${mebibytes} MiB`, 'cold', 'cat data > /dev/null'), aim: '≥ 0.9' },
        {
          what: 'random 4 KiB reads, direct, reads/s',
          client: 'cold',
          measure: 'rate',
          aim: '≥ 0.9',
          script: `fio --name=r --filename=data --readonly --rw=randread --bs=4k --size=${mebibytes}M --direct=1 \\
            --fallocate=none --invalidate=0 --runtime=${Math.max(2, Math.round(8 * scale))} --time_based \\
            --output-format=json | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["jobs"][0]["read"]["iops"])'`,
        },
      ],
      clear: 'rm data',
    },
    clone: {
      actions: [
        seconds(
          'git clone of a local repository',
          'cold',
          `${git} clone -q --no-local ${sourceDirectory}/clone.git clone`,
        ),
        seconds('git status of the clone', 'cold', `${git} -C clone status --porcelain`),
        seconds('git status of the clone', 'warm', `${git} -C clone status --porcelain`),
      ],
      clear: 'rm -rf clone',
    },
    npm: {
      actions: [
        seconds(
          'npm ci, offline',
          'warm',
          `mkdir npm; cp ${sourceDirectory}/npm/package*.json npm; cd npm
           npm ci --offline --ignore-scripts --no-audit --no-fund --loglevel=error > /dev/null`,
        ),
      ],
      clear: 'rm -rf npm',
    },
  };
}
