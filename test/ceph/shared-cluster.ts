import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { S3Service } from './cluster.ts';

const clusterProcess = fileURLToPath(new URL('./cluster-process.ts', import.meta.url));

/**
 * The S3 service of this run of the tests: the first who asks starts it. A run that `scripts/test.ts` began has one for
 * all its files (it says where in `MICELIO_TEST_RUN`); a file that is run by itself has its own. It ends with the run.
 */
export async function sharedS3(): Promise<S3Service> {
  const { MICELIO_TEST_RUN: run, MICELIO_TEST_RUN_PID: owner = String(process.pid) } = process.env;
  // Not below the temporary directory of the run: the path of a socket has to be short.
  const directory = run === undefined ? mkdtempSync(join(tmpdir(), 'mic-s3-')) : `${run}-s3`;
  if (run === undefined || makeOnce(directory)) launch(directory, owner);
  for (;;) {
    const [service, failure] = [join(directory, 'service.json'), join(directory, 'failure')];
    if (existsSync(service)) return JSON.parse(readFileSync(service, 'utf8')) as S3Service;
    if (existsSync(failure)) throw new Error(readFileSync(failure, 'utf8'));
    await delay(50);
  }
}

function makeOnce(directory: string): boolean {
  try {
    mkdirSync(directory);
    return true;
  } catch {
    return false;
  }
}

function launch(directory: string, owner: string): void {
  const child = spawn(process.execPath, [clusterProcess, directory, owner], {
    detached: true,
    stdio: 'ignore',
  });
  child.unref();
}
