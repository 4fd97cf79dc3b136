import { MicelioError } from '../base/error.ts';
import type { ProjectLedger } from './project.ts';

/** A document of a project that is damaged or gone. */
export interface LostDocument {
  /** What it is, for people. */
  readonly what: string;
  readonly cause: MicelioError;
}

/** Errors that say of a document that it is not what was written. All others say nothing of it. */
const lossCodes: ReadonlySet<string> = new Set([
  'storage/corrupt',
  'storage/format-unknown',
  'project/not-found',
  'landing/unknown',
]);

/** Reads the head, all landings and all sessions. Of the sessions only the first that is lost is named. */
export async function findLostDocuments({ ledger }: ProjectLedger): Promise<LostDocument[]> {
  const lost: LostDocument[] = [];
  const attempt = async (what: string, read: () => Promise<void>): Promise<void> => {
    try {
      await read();
    } catch (cause) {
      if (!(cause instanceof MicelioError) || !lossCodes.has(cause.code)) throw cause;
      lost.push({ what, cause });
    }
  };
  let newest = 0;
  await attempt('the head', async () => {
    newest = (await ledger.readHead()).head.sequence;
  });
  await attempt('a session', async () => {
    for await (const _ of ledger.listSessions());
  });
  for (let sequence = newest; sequence > 0; sequence--) {
    await attempt(`landing ${sequence}`, async () => {
      await ledger.readLanding(sequence);
    });
  }
  return lost;
}
