import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CephCluster } from './cluster.ts';

/**
 * Runs a cluster in the directory that is its first argument, for as long as the process lives whose id is the second.
 * Writes `service.json` there once S3 answers, or `failure` with the reason. Ends, and removes the directory, when that
 * process is gone or tells it to (SIGTERM).
 */
const [directory = '', owner = ''] = process.argv.slice(2);
const announce = (name: string, text: string): void => {
  writeFileSync(join(directory, `${name}.new`), text);
  renameSync(join(directory, `${name}.new`), join(directory, name));
};

let ending = false;
process.once('SIGTERM', () => {
  ending = true;
});
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

let cluster: CephCluster | undefined;
try {
  cluster = await CephCluster.start({ directory, gateways: 2 });
  announce('service.json', JSON.stringify(cluster.service));
  while (!ending && existsSync(`/proc/${owner}`)) await delay(200);
} catch (error) {
  announce('failure', error instanceof Error ? error.message : String(error));
  while (!ending && existsSync(`/proc/${owner}`)) await delay(200);
} finally {
  await cluster?.kill();
  rmSync(directory, { recursive: true, force: true });
}
