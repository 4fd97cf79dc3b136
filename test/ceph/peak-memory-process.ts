import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded in front of a program (`NODE_OPTIONS=--import=…`): when it ends, writes the most memory that it ever had, in
 * KiB, into the file that `MICELIO_PEAK_MEMORY` names.
 */
const { MICELIO_PEAK_MEMORY: path } = process.env;
if (isMainThread && path !== undefined) {
  process.on('exit', () => {
    // Not `maxRSS`, which counts what the parent had when it forked.
    const [, peak = ''] = /VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    writeFileSync(path, peak);
  });
}
