import * as v from 'valibot';
import { GitLedgerError } from './git-ledger-error.ts';

/** What a project says of its ledger, in `_config/settings.json` on the main branch. Other fields are others'. */
const settingsSchema = v.looseObject({
  authority: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_][A-Za-z0-9._/-]*$/))),
  leaseMinutes: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(7 * 24 * 60))),
});

export interface GitLedgerSettings {
  /** The remote whose refs decide; undefined: those of the hub itself. */
  readonly authority: string | undefined;
  /** How long a claim is good for without being renewed, in ms. */
  readonly leaseMs: number;
}

/** In bytes. */
export const settingsBytesMax = 1024 * 1024;
const leaseMinutesDefault = 30;

/** `bytes` are those of the file; undefined where there is none. Throws `ledger/settings-invalid`. */
export function parseSettings(bytes: Buffer | undefined): GitLedgerSettings {
  let parsed: v.InferOutput<typeof settingsSchema>;
  try {
    parsed = v.parse(settingsSchema, bytes === undefined ? {} : JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GitLedgerError(
      'ledger/settings-invalid',
      `_config/settings.json on the main branch cannot be understood: ${why}. Correct it there: "authority" is the name of a remote, "leaseMinutes" a number from 1 to 10080.`,
      { cause },
    );
  }
  return { authority: parsed.authority, leaseMs: (parsed.leaseMinutes ?? leaseMinutesDefault) * 60_000 };
}
