import { NotResident } from './file-system-error.ts';

/** Calls until everything that the call needs is in memory. Throws what could not be brought there. */
export async function resident<Result>(call: () => Result): Promise<Result> {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof NotResident)) throw error;
      await error.ready;
    }
  }
}
