import { createHash } from 'node:crypto';
import { type Hash, hashOf } from '../../base/hash.ts';
import type { Random } from '../../base/random.ts';
import { firstHead, type Head, type Landing, nextHead } from '../../session/head.ts';
import { parseProjectName } from '../../session/project-name.ts';
import type { Session } from '../../session/session.ts';
import { parseSessionId } from '../../session/session-id.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { ObjectLedger } from './object-ledger.ts';

const project = parseProjectName('acme/web');
export const prefix = 'micelio-acme/projects/web';
const agent = { name: 'Ada', email: 'ada@example.org' };
const startedMs = Date.UTC(2026, 0, 1);

/** Some hash, always the same for the same text. */
function hash(text: string): Hash {
  return hashOf(Buffer.from(text));
}

/** For tests: bytes that look random, and are the same in every run. */
export function repeatableRandom(): Random {
  let draws = 0;
  return {
    bytes: (count) => createHash('shake256', { outputLength: count }).update(`${draws++}`).digest(),
  };
}

/** For tests: the ledger of a process that never waits. */
export function ledgerOn(store: ObjectStore, random: Random): ObjectLedger {
  return new ObjectLedger({ store, random, sleep: async () => {} }, project, prefix);
}

export const emptyHead: Head = firstHead(
  { name: project, createdMs: startedMs, description: 'The web site' },
  hash('empty'),
);

/** What `id` makes of `head`. */
function landingOn(head: Head, id: string): Landing {
  const tree = hash(`tree of ${id}`);
  return {
    sequence: head.sequence + 1,
    id,
    origin: { kind: 'session', session: parseSessionId('sess-4k2m9x7qw0ab'), tree },
    agent,
    message: 'Say hello',
    atMs: startedMs + 60_000,
    before: head.tree,
    tree,
    base: { tree: head.tree, sequence: head.sequence },
    changeCount: 1,
    changes: [{ kind: 'modified', path: 'src/a.c' }],
    paths: 'ARhAogBEIAg=',
  };
}

/** For tests: the head after landings with these ids. */
export function headWith(head: Head, ...ids: string[]): Head {
  const landings: Landing[] = [];
  for (const id of ids) landings.push(landingOn(nextHead(head, landings), id));
  return nextHead(head, landings);
}

export const exampleSession: Session = {
  id: parseSessionId('sess-4k2m9x7qw0ab'),
  project,
  title: 'Hello',
  goal: 'Greet whoever comes',
  description: '',
  agent,
  state: 'conflicted',
  createdMs: startedMs,
  updatedMs: startedMs + 5000,
  base: { tree: hash('base'), sequence: 1 },
  tree: hash('tree'),
  places: [{ tree: hash('tree'), place: 'AAAAAA==' }],
  checkpoints: [{ number: 1, tree: hash('tree'), atMs: startedMs + 1000, note: 'before the tests' }],
  conversation: [{ atMs: startedMs + 2000, author: 'Ben', text: 'In which language?' }],
  decisions: [
    { atMs: startedMs + 3000, author: 'Ada', what: 'English', why: 'All read it', alternatives: ['Latin'] },
  ],
  worklog: [{ atMs: startedMs, author: 'Ada', text: 'Started on landing 1' }],
  earlierRecord: [],
  forkedFrom: null,
  workspace: { kind: 'checkout', directory: '/home/ada/hello' },
  lease: {
    token: 2,
    holder: 'c0ffee00000000000000000000000000',
    machine: 'build-7',
    sinceMs: startedMs + 1500,
    untilMs: startedMs + 65_000,
    termMs: 60_000,
    bases: [hash('base')],
  },
  landed: null,
  conflicts: [
    {
      path: 'src/a.c',
      kind: 'content',
      left: [{ path: 'src/a.c', entry: `file ${hash('merged')} 644` }],
      resolved: false,
    },
  ],
  removed: null,
};
