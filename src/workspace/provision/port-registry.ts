import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isAbsent } from '../../base/system-error.ts';
import { ProvisionError } from './provision-error.ts';

/** A port that a session has. */
export interface PortLease {
  readonly name: string;
  readonly port: number;
}

/** Whom ports are for. */
export interface PortOwner {
  /** The session, among all of this machine. */
  readonly id: string;
  /** Its workspace. When there is no such directory any more, its ports can be given to others. */
  readonly workspace: string;
}

/** Says whether nothing listens on a port of this machine. Handed in, so that tests decide. */
export type PortProbe = (port: number) => Promise<boolean>;

/** Below what operating systems give to outgoing connections, above what services are known by. */
export const portRange = { first: 20_000, last: 29_999 } as const;

/** How long a process waits for another one that changes the registry, in ms. */
const busyTimeoutMs = 5000;

const schema = `
  CREATE TABLE IF NOT EXISTS lease (
    port INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    workspace TEXT NOT NULL,
    UNIQUE (owner, name)
  ) STRICT`;

/**
 * Which session of this user on this machine has which ports: an SQLite database in the user's state directory, which
 * any number of processes share. A port belongs to one session at a time, and a session keeps its ports until it gives
 * them back or its workspace is gone.
 */
export class PortRegistry {
  readonly #database: DatabaseSync;
  readonly #probe: PortProbe;

  /** Makes `directory` where it is missing. */
  constructor(directory: string, probe: PortProbe = isFree) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#database = new DatabaseSync(join(directory, 'ports.sqlite'), { timeout: busyTimeoutMs });
    this.#database.exec('PRAGMA journal_mode = WAL');
    this.#database.exec(schema);
    this.#probe = probe;
  }

  /** The ports that `owner` has, by name. */
  leases(owner: string): Map<string, number> {
    const rows = this.#database.prepare('SELECT name, port FROM lease WHERE owner = ?').all(owner);
    return new Map(rows.map(({ name, port }) => [String(name), Number(port)]));
  }

  /**
   * Gives `owner` a port for each of `names`, the same as before where it has one, and returns those that are new. A
   * port that something listens on is not given. Throws `provision/no-port`.
   */
  async lease(owner: PortOwner, names: readonly string[]): Promise<PortLease[]> {
    const has = this.leases(owner.id);
    const missing = names.filter((name) => !has.has(name));
    if (missing.length === 0) return [];
    this.#forgetAbandoned();
    const given: PortLease[] = [];
    try {
      for (const name of missing) {
        const port = await this.#leaseOne(owner, name);
        if (port !== undefined) given.push({ name, port });
      }
    } catch (error) {
      this.giveBack(owner.id, given);
      throw error;
    }
    return given;
  }

  /** Gives ports back: all that `owner` has, or those of `leases`. Returns those that it had. */
  giveBack(owner: string, leases?: readonly PortLease[]): PortLease[] {
    const names = leases === undefined ? [...this.leases(owner).keys()] : leases.map(({ name }) => name);
    const remove = this.#database.prepare(
      'DELETE FROM lease WHERE owner = ? AND name = ? RETURNING name, port',
    );
    return names.flatMap((name) =>
      remove.all(owner, name).map((row) => ({ name: String(row.name), port: Number(row.port) })),
    );
  }

  close(): void {
    this.#database.close();
  }

  /** The port; undefined where another process of the same session has just got one under this name. */
  async #leaseOne(owner: PortOwner, name: string): Promise<number | undefined> {
    const count = portRange.last - portRange.first + 1;
    // Where the search begins depends on the session, so that one that comes again is likely to get the same.
    const start = createHash('sha256').update(`${owner.id}\0${name}`).digest().readUInt32BE(0) % count;
    const insert = this.#database.prepare(
      'INSERT OR IGNORE INTO lease (port, owner, name, workspace) VALUES (?, ?, ?, ?)',
    );
    for (let i = 0; i < count; i++) {
      const port = portRange.first + ((start + i) % count);
      // The row is what decides among processes; whether the port is free is looked at by whoever has the row.
      if (insert.run(port, owner.id, name, owner.workspace).changes === 0) {
        if (this.leases(owner.id).has(name)) return undefined;
        continue;
      }
      if (await this.#probe(port)) return port;
      this.giveBack(owner.id, [{ name, port }]);
    }
    throw new ProvisionError(
      'provision/no-port',
      `No port from ${portRange.first} to ${portRange.last} is free. Complete or remove sessions that are not needed any more, then do it again.`,
    );
  }

  /** Frees the ports of sessions whose workspace is gone. */
  #forgetAbandoned(): void {
    const rows = this.#database.prepare('SELECT DISTINCT workspace FROM lease').all();
    const remove = this.#database.prepare('DELETE FROM lease WHERE workspace = ?');
    for (const { workspace } of rows) if (isGone(String(workspace))) remove.run(String(workspace));
  }
}

/** Whether a directory is not there. It is not looked at itself: it may be a mount whose server does not answer. */
function isGone(directory: string): boolean {
  try {
    return !readdirSync(dirname(directory)).includes(basename(directory));
  } catch (error) {
    if (isAbsent(error)) return true;
    // What cannot be looked at may be there.
    return false;
  }
}

/** Whether nothing of this machine listens on `port`, on the loopback address or on all. */
export async function isFree(port: number): Promise<boolean> {
  for (const host of ['127.0.0.1', '0.0.0.0']) if (!(await canListen(port, host))) return false;
  return true;
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.unref();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
