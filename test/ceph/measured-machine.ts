import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { binDirectory } from '../mic.ts';
import type { TestBucket } from './test-bucket.ts';

const mic = join(binDirectory, 'mic');
const peakMemory = fileURLToPath(new URL('./peak-memory-process.ts', import.meta.url));

/** A run of `mic`: what it printed, how long it took, and the most memory that it had. */
export interface MeasuredRun {
  readonly json: unknown;
  readonly ms: number;
  readonly peakMiB: number;
}

/** A machine of its own, as far as processes can tell, on which `mic` is measured. */
export class MeasuredMachine {
  readonly #home: string;
  readonly #environment: NodeJS.ProcessEnv;

  /** All that the machine keeps lies in `home`; `project` has a store of its own in the bucket. */
  constructor(home: string, bucket: TestBucket, project: string) {
    mkdirSync(home, { recursive: true });
    this.#home = home;
    this.#environment = {
      PATH: process.env.PATH,
      HOME: home,
      MICELIO_STORE: bucket.url(project.replace('/', '-')),
      MICELIO_PROJECT: project,
      MICELIO_AGENT_NAME: 'ada',
      MICELIO_AGENT_EMAIL: 'ada@example.org',
      ...bucket.environment,
    };
  }

  /** Runs `mic … --json`; throws unless it ends well. */
  run(args: readonly string[], directory = this.#home): MeasuredRun {
    const peak = join(this.#home, 'peak');
    const started = performance.now();
    const { status, stdout, stderr } = spawnSync(mic, [...args, '--json'], {
      cwd: directory,
      encoding: 'utf8',
      env: {
        ...this.#environment,
        NODE_OPTIONS: `--import=${pathToFileURL(peakMemory)}`,
        MICELIO_PEAK_MEMORY: peak,
      },
    });
    const ms = performance.now() - started;
    if (status !== 0) throw new Error(`mic ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
    return { json: JSON.parse(stdout), ms, peakMiB: Number(readFileSync(peak, 'utf8')) / 1024 };
  }
}
