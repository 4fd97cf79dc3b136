import { createHash } from 'node:crypto';
import type { TemplateValue, TemplateValues } from './template.ts';

/** What templates can know of a session. */
export interface SessionFacts {
  readonly slug: string;
  readonly branch: string;
  readonly user: { readonly name: string; readonly email: string };
  /** What the session's plan or the project sets, for `session.NAME`. */
  readonly settings: Readonly<Record<string, TemplateValue>>;
  /** For `env.NAME`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface ValueSources {
  readonly facts: SessionFacts;
  /** When the workspace was first provisioned, in ms since the epoch. */
  readonly timestampMs: number;
  /** Who the session is among all of this machine: what `identifier` and the ports belong to. */
  readonly owner: string;
  readonly workspace: string;
  readonly ports: ReadonlyMap<string, number>;
  readonly secrets: ReadonlyMap<string, string>;
}

/** The variables of templates. `docs/formats/untracked-files.md` lists them. */
export function templateValues(sources: ValueSources): TemplateValues {
  const { facts, timestampMs, owner, workspace, ports, secrets } = sources;
  const seconds = Math.floor(timestampMs / 1000);
  const environment = Object.entries(facts.environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    slug: facts.slug,
    branch: facts.branch,
    timestamp: seconds,
    date: new Date(timestampMs).toISOString().slice(0, 10),
    identifier: sessionIdentifier(facts.slug, owner),
    workspace,
    user: facts.user,
    ports: Object.fromEntries(ports),
    env: Object.fromEntries(environment),
    session: facts.settings,
    secret: Object.fromEntries(secrets),
    SESSION_SLUG: facts.slug,
    SESSION_BRANCH: facts.branch,
    TIMESTAMP: seconds,
  };
}

const identifierSlugMax = 40;

/**
 * A name for what a session has to itself elsewhere, such as a database: lower-case letters, digits and `_`, at most 49
 * characters, beginning with a letter. Two sessions of one machine have different ones, also with the same slug.
 */
function sessionIdentifier(slug: string, owner: string): string {
  const plain = slug
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, identifierSlugMax);
  const named = /^[a-z]/.test(plain) ? plain : `s${plain}`.slice(0, identifierSlugMax);
  return `${named}_${createHash('sha256').update(owner).digest('hex').slice(0, 8)}`;
}
