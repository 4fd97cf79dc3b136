import { hostname } from 'node:os';
import * as v from 'valibot';
import { ConfigurationError } from './configuration-error.ts';

/** How this machine has the sessions that are mounted here. */
export interface LeaseSettings {
  /** What people are told of this machine, where another one asks who writes a session. */
  readonly machine: string;
  /** For how long a session that was changed here is this machine's without a sign of life, in ms. */
  readonly termMs: number;
  /** How long changes stay unrecorded while nobody records them, in ms; 0: for ever. */
  readonly recordMs: number;
}

const termSecondsLeast = 1;
const secondsMost = 7 * 24 * 60 * 60;
const termSecondsDefault = 60;
const recordSecondsDefault = 5 * 60;

/** Their entries in `fs` of the configuration file. */
export const leaseEntries = {
  machine: v.optional(v.string()),
  leaseSeconds: v.optional(v.pipe(v.number(), v.minValue(termSecondsLeast), v.maxValue(secondsMost))),
  recordSeconds: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(secondsMost))),
};
type LeaseEntries = {
  readonly [Name in keyof typeof leaseEntries]?: v.InferOutput<(typeof leaseEntries)[Name]>;
};

/**
 * Reads `MICELIO_FS_MACHINE`, `MICELIO_FS_LEASE_SECONDS` and `MICELIO_FS_RECORD_SECONDS`, else what the file says. Throws
 * `configuration/invalid`.
 */
export function leaseSettings(
  environment: Readonly<Record<string, string | undefined>>,
  entries: LeaseEntries,
): LeaseSettings {
  const { MICELIO_FS_LEASE_SECONDS: term, MICELIO_FS_RECORD_SECONDS: record } = environment;
  return {
    machine: environment.MICELIO_FS_MACHINE ?? entries.machine ?? hostname(),
    termMs:
      term === undefined
        ? 1000 * (entries.leaseSeconds ?? termSecondsDefault)
        : milliseconds('MICELIO_FS_LEASE_SECONDS', term, termSecondsLeast),
    recordMs:
      record === undefined
        ? 1000 * (entries.recordSeconds ?? recordSecondsDefault)
        : milliseconds('MICELIO_FS_RECORD_SECONDS', record, 0),
  };
}

function milliseconds(name: string, text: string, least: number): number {
  if (/^\d{1,7}$/.test(text) && Number(text) >= least && Number(text) <= secondsMost) {
    return 1000 * Number(text);
  }
  throw new ConfigurationError(
    'configuration/invalid',
    `${name} is "${text}". Give a whole number of seconds from ${least} to ${secondsMost}, or unset it.`,
  );
}
