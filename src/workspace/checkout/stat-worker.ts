import { workerData } from 'node:worker_threads';
import { statRows } from './stat-pass.ts';
import { viewState } from './state.ts';

/** What the thread is started with: see `judgeRows`. */
export interface StatWorkerData {
  readonly root: string;
  readonly state: Uint8Array<SharedArrayBuffer>;
  readonly verdicts: Uint8Array<SharedArrayBuffer>;
  readonly next: Int32Array<SharedArrayBuffer>;
}

const { root, state, verdicts, next } = workerData as StatWorkerData;
statRows(root, viewState(state), verdicts, next);
