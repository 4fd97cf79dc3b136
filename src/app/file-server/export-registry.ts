import { timingSafeEqual } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsent } from '../../base/system-error.ts';
import type { SessionId } from '../../session/session-id.ts';
import type { ServedId } from '../../workspace/mount/file-server-port.ts';
import {
  type ExportRecord,
  exportRecordText,
  parseExportRecord,
  type SessionExport,
  type TreeExport,
} from './export-record.ts';
import { makePrivateDirectory } from './private-directory.ts';
import { replaceDurably } from './state-directory.ts';

/**
 * What is served, each in a directory of its own with all that belongs to it: nothing else has to be kept for a session
 * to be found again. Read once, at the start; only the one file server writes.
 */
export class ExportRegistry {
  readonly #root: string;
  readonly #records = new Map<ServedId, ExportRecord>();
  readonly #sessions = new Map<SessionId, Set<ServedId>>();
  readonly #trees = new Map<string, ServedId>();
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(root: string) {
    this.#root = root;
  }

  /**
   * Reads what there is in `root`, which is made where it is missing. Calls `onUnknown` with each directory that this
   * version does not understand, and leaves it alone.
   */
  static open(root: string, uid: number, onUnknown: (directory: string) => void): ExportRegistry {
    makePrivateDirectory(root, uid);
    const registry = new ExportRegistry(root);
    for (const name of readdirSync(root)) {
      const text = readRecord(join(root, name));
      // Made and not yet filled when the process died: nobody was told of it.
      if (text === undefined) continue;
      const record = parseExportRecord(text);
      if (record?.id === name) registry.#remember(record);
      else onUnknown(join(root, name));
    }
    return registry;
  }

  get size(): number {
    return this.#records.size;
  }

  [Symbol.iterator](): Iterator<ExportRecord> {
    return this.#records.values();
  }

  get(id: string): ExportRecord | undefined {
    return this.#records.get(id as ServedId);
  }

  /** A session of a store: several stores may have it, where one is a copy of the other. */
  findSession(store: string, session: SessionId): SessionExport | undefined {
    return this.#sessionExports(session).find((record) => record.store === store);
  }

  findTree(tree: string): TreeExport | undefined {
    const record = this.#records.get(this.#trees.get(tree) ?? ('' as ServedId));
    return record?.kind === 'tree' ? record : undefined;
  }

  /** What may be mounted at `path`, which a stranger has sent. */
  resolve(path: string): ExportRecord | undefined {
    const [, kind, name, secret] = /^\/exports\/(sessions|trees)\/([^/]+)(?:\/([^/]+))?\/?$/.exec(path) ?? [];
    if (kind === 'trees' && secret === undefined) return this.findTree(name!);
    if (kind !== 'sessions' || secret === undefined) return undefined;
    return this.#sessionExports(name as SessionId).find(
      (record) => record.state === 'served' && isSame(record.secret, secret),
    );
  }

  /** The directory in which all that belongs to an export is kept. */
  directoryOf(id: ServedId): string {
    return join(this.#root, id);
  }

  /** Writes down a record, new or changed; it holds when the promise is fulfilled. */
  put(record: ExportRecord): Promise<void> {
    return this.#inTurn(async () => {
      const directory = this.directoryOf(record.id);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      await replaceDurably(join(directory, recordFile), exportRecordText(record));
      this.#remember(record);
    });
  }

  /** Changes what is written down of a session. Undefined, and nothing done, when it is not known any more. */
  change(id: ServedId, change: Partial<SessionExport>): Promise<SessionExport | undefined> {
    return this.#inTurn(async () => {
      const record = this.#records.get(id);
      if (record?.kind !== 'session') return undefined;
      const changed = { ...record, ...change };
      await replaceDurably(join(this.directoryOf(id), recordFile), exportRecordText(changed));
      this.#remember(changed);
      return changed;
    });
  }

  /** Forgets an export, and deletes all that belongs to it. */
  remove(id: ServedId): Promise<void> {
    return this.#inTurn(async () => {
      const record = this.#records.get(id);
      const directory = this.directoryOf(id);
      for (const name of namesIn(directory)) {
        // The record goes last: killed on the way, what is left can still be found and removed.
        if (name !== recordFile) await rm(join(directory, name), { recursive: true, force: true });
      }
      await rm(directory, { recursive: true, force: true });
      this.#records.delete(id);
      if (record?.kind === 'session') this.#sessions.get(record.session)?.delete(id);
      if (record?.kind === 'tree') this.#trees.delete(record.tree);
    });
  }

  #sessionExports(session: SessionId): SessionExport[] {
    return [...(this.#sessions.get(session) ?? [])]
      .map((id) => this.#records.get(id))
      .filter((record) => record?.kind === 'session');
  }

  #remember(record: ExportRecord): void {
    this.#records.set(record.id, record);
    if (record.kind === 'tree') {
      this.#trees.set(record.tree, record.id);
      return;
    }
    const known = this.#sessions.get(record.session) ?? new Set();
    this.#sessions.set(record.session, known.add(record.id));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#writing.then(work);
    this.#writing = turn.catch(() => {});
    return turn;
  }
}

const recordFile = 'export.json';

function readRecord(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, recordFile), 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** Takes as long whatever the two have in common. */
function isSame(secret: string, guess: string): boolean {
  const [a, b] = [Buffer.from(secret), Buffer.from(guess)];
  return a.length === b.length && timingSafeEqual(a, b);
}
