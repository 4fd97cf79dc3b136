import { NotResident } from './file-system-error.ts';

/** How often a call is repeated. Each time something came into memory; more may have been pushed out by others. */
const repetitionsMax = 1000;

/** Does a call of a file system, again whenever what it needs has come into memory. */
export async function whenResident<T>(call: () => T): Promise<T> {
  for (let repetition = 1; ; repetition++) {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof NotResident) || repetition === repetitionsMax) throw error;
      await error.ready;
    }
  }
}
