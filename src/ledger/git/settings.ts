import * as v from 'valibot';
import { type TreePath, textFromPath } from '../../tree/path.ts';
import { GitLedgerError } from './git-ledger-error.ts';

/** What a project says of its ledger, in `_config/settings.json` on the main branch. Other fields are others'. */
const settingsSchema = v.looseObject({
  authority: v.optional(
    v.pipe(v.string(), v.regex(/^(?:local:[0-9a-z]+|(?!local$)[A-Za-z0-9_][A-Za-z0-9._/-]*)$/)),
  ),
  leaseMinutes: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(7 * 24 * 60))),
});

/** Whose refs are to decide: those of a remote, or those of the one repository that has this id (`hub-id.ts`). */
export type AuthorityChoice =
  | { readonly kind: 'remote'; readonly name: string }
  | { readonly kind: 'hub'; readonly id: string };

export interface GitLedgerSettings {
  /** Undefined where nobody has chosen. */
  readonly authority: AuthorityChoice | undefined;
  /** How long a claim is good for without being renewed, in ms. */
  readonly leaseMs: number;
}

/** In bytes. */
export const settingsBytesMax = 1024 * 1024;
const leaseMinutesDefault = 30;
const hubPrefix = 'local:';

/** `bytes` are those of `file`, from the top; undefined where there is none. Throws `ledger/settings-invalid`. */
export function parseSettings(bytes: Buffer | undefined, file: TreePath): GitLedgerSettings {
  let parsed: v.InferOutput<typeof settingsSchema>;
  try {
    parsed = v.parse(settingsSchema, bytes === undefined ? {} : JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GitLedgerError(
      'ledger/settings-invalid',
      `${textFromPath(file)} on the main branch cannot be understood: ${why}. Correct it there: "authority" is the name of a remote, or what "mic init --authority local" writes, "leaseMinutes" a number from 1 to 10080.`,
      { cause },
    );
  }
  const { authority, leaseMinutes = leaseMinutesDefault } = parsed;
  return {
    authority: authority === undefined ? undefined : parseAuthority(authority),
    leaseMs: leaseMinutes * 60_000,
  };
}

function parseAuthority(text: string): AuthorityChoice {
  return text.startsWith(hubPrefix)
    ? { kind: 'hub', id: text.slice(hubPrefix.length) }
    : { kind: 'remote', name: text };
}

/** As it stands in the settings. */
export function authorityText(choice: AuthorityChoice): string {
  return choice.kind === 'hub' ? `${hubPrefix}${choice.id}` : choice.name;
}

export function isSameAuthority(a: AuthorityChoice | undefined, b: AuthorityChoice | undefined): boolean {
  return (a && authorityText(a)) === (b && authorityText(b));
}
