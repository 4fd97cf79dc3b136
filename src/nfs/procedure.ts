import type { Call } from './call.ts';

/** What a reply tells of the files that the call was about, when it failed: `post_op_attr` or `wcc_data` of each. */
export type FailurePart = 'attributes' | 'weak';

/** A call whose reply has to wait. Nothing of it has been written yet. */
export interface Continuation {
  /** `sync`: until all that was done to its file system is safe from the loss of power. */
  readonly waitFor: 'sync' | Promise<unknown>;
  /** Writes the results. */
  readonly finish: () => void;
}

/** One remote procedure. */
export interface Procedure {
  /** For people and counters: "nfs.getattr". */
  readonly name: string;
  /**
   * What stands behind the status of a failed call, in the order in which the procedure names its files to the call.
   * `nothing-fails`: its results have no status.
   */
  readonly failure: readonly FailurePart[] | 'nothing-fails';
  /** Whether what it did must be flushed before the reply. */
  readonly effect: 'reads' | 'changes';
  /** What a call that is sent twice does the second time. */
  readonly repeated: 'harmless' | 'remembered';
  /** Decodes the arguments, does the work, and writes the results. Throws before it has changed anything, or not at all. */
  run(call: Call): Continuation | undefined;
}

/** A program of ONC RPC, in one version. */
export interface Program {
  readonly number: number;
  readonly version: number;
  /** By number. */
  readonly procedures: readonly Procedure[];
}
