import { SHARE_ENV, Worker } from 'node:worker_threads';
import { statBlock, statRows, verdict } from './stat-pass.ts';
import type { StatWorkerData } from './stat-worker.ts';
import type { CheckoutState } from './state.ts';

/** With fewer rows than this a second thread has no time to be of use. */
const rowsForTwoThreads = 20_000;
/** How long to wait, in ms, for the block that the other thread is at. It takes one or two. */
const lastBlockMsMax = 500;

/** Compares the status of every row with the disk: a `verdict` for each. A left-behind directory counts as changed. */
export function judgeRows(root: string, state: CheckoutState): Uint8Array {
  const verdicts = new Uint8Array(new SharedArrayBuffer(state.rowCount));
  const next = new Int32Array(new SharedArrayBuffer(4));
  const helped = state.rowCount >= rowsForTwoThreads && state.bytes.buffer instanceof SharedArrayBuffer;
  if (helped) {
    const data = { root, state: state.bytes, verdicts, next } as StatWorkerData;
    startHelper(data);
  }
  statRows(root, state, verdicts, next);
  if (helped) finishOpenBlocks(root, state, verdicts);
  return verdicts;
}

function startHelper(workerData: StatWorkerData): void {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const worker = new Worker(new URL(`./stat-worker${extension}`, import.meta.url), {
    workerData,
    // It starts sooner without an environment of its own.
    env: SHARE_ENV,
  });
  // It only helps: what it has not done is done here, whatever became of it.
  worker.on('error', () => {});
  worker.unref();
}

/** Waits for the blocks that the helper has taken, and does them itself if it does not come back. */
function finishOpenBlocks(root: string, state: CheckoutState, verdicts: Uint8Array): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; waitedMs < lastBlockMsMax && verdicts.includes(verdict.unknown); waitedMs++) {
    Atomics.wait(pause, 0, 0, 1);
  }
  for (let row = verdicts.indexOf(verdict.unknown); row >= 0; row = verdicts.indexOf(verdict.unknown, row)) {
    statBlock(root, state, verdicts, row, row + 1);
  }
}
