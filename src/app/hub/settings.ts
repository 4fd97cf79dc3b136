import * as v from 'valibot';
import type { GitLedger } from '../../ledger/git/git-ledger.ts';
import { GitLedgerError } from '../../ledger/git/git-ledger-error.ts';

/** What a project says of how its sessions end, beside what the ledger reads in the same file. */
const settingsSchema = v.looseObject({
  /** A command line that must succeed on the merged result before it lands. */
  verify: v.optional(v.pipe(v.string(), v.trim(), v.minLength(1))),
});
export type ProjectSettings = v.InferOutput<typeof settingsSchema>;

/** Reads the settings on main. Throws `ledger/settings-invalid`. */
export async function projectSettings(ledger: GitLedger): Promise<ProjectSettings> {
  const bytes = await ledger.file(ledger.hub.layout.settings);
  try {
    return v.parse(settingsSchema, bytes === undefined ? {} : JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw new GitLedgerError(
      'ledger/settings-invalid',
      `${ledger.hub.layout.settings} on the main branch cannot be understood. Correct it there: "verify" is a command line, such as "npm test".`,
      { cause },
    );
  }
}
