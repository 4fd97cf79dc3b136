import { MicelioError } from '../base/error.ts';

/** How a command can end. The numbers are stable; `mic --help` lists them. */
export const exitCodes = {
  ok: { code: 0, meaning: 'Done.' },
  unexpected: { code: 1, meaning: 'Something failed that should not: a bug, or a machine in trouble.' },
  usage: { code: 2, meaning: 'The command line or the configuration is wrong. Nothing was done.' },
  notFound: { code: 3, meaning: 'There is no such project, session, landing, file or revision.' },
  refused: {
    code: 4,
    meaning: 'It cannot be done in this state. Nothing was done; the message says what to do first.',
  },
  conflict: {
    code: 5,
    meaning: 'A merge met a conflict. Nothing landed; sync the session, resolve, land again.',
  },
  unavailable: {
    code: 6,
    meaning: 'The store or the file server cannot be used right now: full, denied, busy, out of reach.',
  },
  damaged: { code: 7, meaning: 'Something in the store is damaged, or of a newer version.' },
  notMounted: {
    code: 8,
    meaning: 'All is done, and the files are served, but not mounted: type the command that was printed.',
  },
} as const;

export type ExitCode = keyof typeof exitCodes;

/** Error codes, by the room that they begin with or whole, and how a command ends with them. */
const exits: Readonly<Record<string, ExitCode>> = {
  base: 'usage',
  configuration: 'usage',
  cli: 'usage',
  blob: 'damaged',
  'blob/too-slow': 'unavailable',
  'file-server': 'unavailable',
  'file-server/request-invalid': 'refused',
  'file-server/format-unknown': 'damaged',
  'file-system': 'unavailable',
  git: 'refused',
  'git/not-a-repository': 'notFound',
  'git/revision-unknown': 'notFound',
  'git/missing': 'unavailable',
  'git/failed': 'unavailable',
  'git/unauthorized': 'unavailable',
  hub: 'refused',
  'hub/no-remote': 'notFound',
  'hub/unreachable': 'unavailable',
  'hub/busy': 'unavailable',
  'hub/conflict': 'conflict',
  landing: 'refused',
  'landing/unknown': 'notFound',
  'landing/conflict': 'conflict',
  'landing/busy': 'unavailable',
  ledger: 'refused',
  'ledger/no-hub': 'notFound',
  'ledger/settings-invalid': 'usage',
  'ledger/unreachable': 'unavailable',
  'ledger/busy': 'unavailable',
  'ledger/claim-unreadable': 'damaged',
  nfs: 'unavailable',
  project: 'refused',
  'project/name-invalid': 'usage',
  'project/not-found': 'notFound',
  'project/damaged': 'damaged',
  provision: 'refused',
  'provision/conf-invalid': 'usage',
  'provision/path-refused': 'usage',
  'provision/template-invalid': 'usage',
  'provision/variable-undefined': 'usage',
  'provision/no-workspace': 'notFound',
  'provision/no-port': 'unavailable',
  'provision/failed': 'unavailable',
  'provision/secret-failed': 'unavailable',
  'provision/record-unreadable': 'damaged',
  session: 'refused',
  'session/id-invalid': 'usage',
  'session/invalid': 'usage',
  'session/not-found': 'notFound',
  'session/checkpoint-unknown': 'notFound',
  'session/file-unknown': 'notFound',
  'session/unresolved': 'conflict',
  'session/record-unreadable': 'damaged',
  storage: 'unavailable',
  'storage/key-invalid': 'usage',
  'storage/location-invalid': 'usage',
  'storage/peers-invalid': 'usage',
  'storage/unsuitable': 'refused',
  'storage/corrupt': 'damaged',
  'storage/format-unknown': 'damaged',
  tree: 'damaged',
  'tree/path-invalid': 'usage',
  'tree/not-a-directory': 'refused',
  'tree/directory-not-empty': 'refused',
  workspace: 'refused',
  'workspace/not-a-workspace': 'notFound',
  'workspace/not-served': 'notFound',
  'workspace/full': 'unavailable',
  'workspace/disk': 'unavailable',
  'workspace/busy': 'unavailable',
};

/** How a command ends with `error`. */
export function exitOf(error: unknown): ExitCode {
  if (!(error instanceof MicelioError)) return 'unexpected';
  return exits[error.code] ?? exits[error.code.split('/')[0]!] ?? 'unexpected';
}
