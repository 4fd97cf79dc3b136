import { parentPort, workerData } from 'node:worker_threads';
import { MicelioError } from '../../base/error.ts';
import { type FrameTask, writeFrame } from './frame-writer.ts';

export interface FrameWorkerData {
  readonly root: string;
  /** Where the status of each written file goes. */
  readonly statuses: Float64Array<SharedArrayBuffer>;
  /** Counts the turns that are done. */
  readonly done: Int32Array<SharedArrayBuffer>;
}

/** Sent when a turn failed: what an error loses on the way between threads is sent beside it. */
export interface FrameFailure {
  readonly code: string | undefined;
  readonly error: unknown;
}

const { root, statuses, done } = workerData as FrameWorkerData;

parentPort!.on('message', (turn: readonly FrameTask[] | 'end') => {
  if (turn === 'end') {
    parentPort!.close();
    return;
  }
  try {
    for (const task of turn) writeFrame(root, task, statuses);
  } catch (error) {
    const failure: FrameFailure = { code: error instanceof MicelioError ? error.code : undefined, error };
    parentPort!.postMessage(failure);
    parentPort!.close();
  }
  Atomics.add(done, 0, 1);
});
