import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import type { Hash } from '../../src/base/hash.ts';
import { systemRandom } from '../../src/base/random.ts';
import { BlobStore } from '../../src/blob/blob-store.ts';
import { DirectoryStore } from '../../src/storage/directory/directory-store.ts';
import { writeEmptyTree } from '../../src/tree/level-writer.ts';
import { NodeStore, NodeTransaction } from '../../src/tree/node-store.ts';
import { importDirectory } from '../../src/workspace/import-directory.ts';
import { GaneshaServer } from '../nfs-guest/ganesha.ts';
import type { NfsExport } from '../nfs-guest/guest.ts';
import { projectKey, SessionServer } from './session-server.ts';

/** A server of sessions in a process of its own, which may die. */
export interface ServedSessions {
  /** One for each session. They stay the same when the server is started again. */
  readonly exports: readonly NfsExport[];
  /** Kills the server at once. */
  kill(): Promise<void>;
  /** Starts it again, on the same port. */
  restart(): Promise<void>;
  /** The process, for measuring it. */
  readonly pid: number | undefined;
  /** Ends it, and removes all that it has kept. */
  stop(): Promise<void>;
}

export interface ServeOptions {
  /** How many sessions of one project there are to be; 1 unless told otherwise. */
  readonly sessions?: number;
  /** A directory of this machine whose files the project has; none unless told otherwise. */
  readonly files?: string;
  /** The processor that the server is to run on; any unless told otherwise. */
  readonly processor?: number;
  /** Which server; see `serveSessions`. */
  readonly server?: ServerName;
  /** Where the store and the sessions lie; the system's temporary directory unless told otherwise. */
  readonly scratch?: string;
}

export type ServerName = 'micelio' | 'ganesha';

/**
 * Serves sessions of a fresh project. With `MOUNT_SERVER=ganesha` in the environment, directories served by nfs-ganesha
 * take their place: what fails there too is wrong with the test, or with the client.
 */
export async function serveSessions({
  sessions = 1,
  files,
  processor,
  server: name = process.env.MOUNT_SERVER === 'ganesha' ? 'ganesha' : 'micelio',
  scratch = tmpdir(),
}: ServeOptions = {}): Promise<ServedSessions> {
  const directory = mkdtempSync(join(scratch, 'micelio-served-'));
  const server =
    name === 'ganesha'
      ? new GaneshaServer({ directory, sessions, files, processor })
      : new SessionServer({ directory, sessions, tree: await storeFiles(directory, files), processor });
  await server.restart();
  return {
    exports: server.exports,
    get pid() {
      return server.pid;
    },
    kill: () => server.kill(),
    restart: () => server.restart(),
    stop: async () => {
      await server.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Records files in a store in `directory`, and returns the tree that they are. */
async function storeFiles(directory: string, files: string | undefined): Promise<Hash> {
  const blobs = new BlobStore(new DirectoryStore(join(directory, 'store')), projectKey, {
    clock: systemClock,
    random: systemRandom,
  });
  const nodes = new NodeStore(blobs);
  if (files !== undefined) return (await importDirectory({ blobs, nodes }, files, { all: true })).tree;
  const batch = await blobs.openBatch();
  const tree = writeEmptyTree(new NodeTransaction(nodes, batch));
  await batch.flush();
  return tree;
}
