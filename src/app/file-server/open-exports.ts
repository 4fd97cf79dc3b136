import type { Clock } from '../../base/clock.ts';
import type { ExportId, Exports } from '../../nfs/exports.ts';
import type { FileSystem } from '../../vfs/file-system.ts';
import type { ServedId } from '../../workspace/mount/file-server-port.ts';
import type { ExportRecord } from './export-record.ts';
import type { ExportRegistry } from './export-registry.ts';

/** The file system of an export, which holds something of the process until it is closed. */
export interface Closable {
  readonly fileSystem: FileSystem;
  readonly close: () => Promise<void>;
}

export interface OpenExportsOptions<Opened extends Closable> {
  readonly registry: ExportRegistry;
  readonly clock: Clock;
  readonly open: (record: ExportRecord) => Promise<Opened>;
  /** Told of an export that could not be closed. */
  readonly onFailure: (record: ExportRecord, error: unknown) => void;
  /** How long a file system stays open that nobody uses, in ms. */
  readonly idleMsMax: number;
  /** How many stay open that somebody has used lately. */
  readonly openMax: number;
}

type Entry<Opened> =
  | { readonly state: 'opening'; readonly opened: Promise<Opened> }
  | { readonly state: 'open'; readonly opened: Opened; usedMs: number; users: number }
  | { readonly state: 'closing'; readonly closed: Promise<void> };

/**
 * The file systems of what is served. They are opened when somebody asks for them and closed when nobody has for a
 * while, so that thousands can be registered; a client notices nothing of it.
 */
export class OpenExports<Opened extends Closable> implements Exports {
  readonly #options: OpenExportsOptions<Opened>;
  readonly #entries = new Map<string, Entry<Opened>>();

  constructor(options: OpenExportsOptions<Opened>) {
    this.#options = options;
  }

  /** How many are open. */
  get size(): number {
    return this.#entries.size;
  }

  /** The ids of those that are open. */
  get ids(): ServedId[] {
    return [...this.#entries.keys()] as ServedId[];
  }

  async resolve(path: string): Promise<ExportId | undefined> {
    return this.#options.registry.resolve(path)?.id as ExportId | undefined;
  }

  /** Answers at once for what is open. Fails with what opening fails with. */
  fileSystem(id: ExportId): FileSystem | undefined | Promise<FileSystem | undefined> {
    const entry = this.#entries.get(id);
    if (entry?.state === 'open') {
      entry.usedMs = this.#options.clock.now();
      return entry.opened.fileSystem;
    }
    const record = this.#served(id);
    if (record === undefined) return undefined;
    return this.#openLater(record, entry).then(({ fileSystem }) => fileSystem);
  }

  /** Runs `work` on the file system of an export, detached or not, which stays open meanwhile. Throws what opening it throws. */
  async use<T>(record: ExportRecord, work: (opened: Opened) => Promise<T>): Promise<T> {
    let entry = this.#entries.get(record.id);
    while (entry?.state !== 'open') {
      await this.#openLater(record, entry);
      entry = this.#entries.get(record.id);
    }
    entry.users++;
    try {
      return await work(entry.opened);
    } finally {
      entry.users--;
      entry.usedMs = this.#options.clock.now();
    }
  }

  /** Closes the file system of an export, if it is open and nobody works on it. */
  async close(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry?.state === 'opening') await entry.opened.catch(() => {});
    const now = this.#entries.get(id);
    if (now?.state === 'open' && now.users === 0) this.#close(id, now.opened);
    const closing = this.#entries.get(id);
    if (closing?.state === 'closing') await closing.closed;
  }

  /** Closes what nobody has used for long, and what has been used least where too many are open. */
  async closeIdle(): Promise<void> {
    const { clock, idleMsMax, openMax } = this.#options;
    const before = clock.now() - idleMsMax;
    const unused = [...this.#entries]
      .flatMap(([id, entry]) => (entry.state === 'open' && entry.users === 0 ? [{ id, ...entry }] : []))
      .sort((a, b) => a.usedMs - b.usedMs);
    const tooMany = this.#entries.size - openMax;
    const closed = unused.filter(({ usedMs }, index) => usedMs < before || index < tooMany);
    await Promise.all(closed.map(({ id }) => this.close(id)));
  }

  /**
   * Makes everything that was done survive a loss of power. Clients ask for that only when a file is synced or closed:
   * called from time to time, this bounds what can be lost of the rest. One that fails is tried again the next time, and
   * tells its clients itself.
   */
  async syncOpen(): Promise<void> {
    for (const entry of [...this.#entries.values()]) {
      if (entry.state === 'open') await entry.opened.fileSystem.sync().catch(() => {});
    }
  }

  /** Closes all; for the end of the process. */
  async closeAll(): Promise<void> {
    while (this.#entries.size > 0) {
      const before = this.#entries.size;
      await Promise.all([...this.#entries.keys()].map((id) => this.close(id)));
      if (this.#entries.size >= before) return;
    }
  }

  #served(id: string): ExportRecord | undefined {
    const record = this.#options.registry.get(id);
    return record?.kind === 'session' && record.state === 'detached' ? undefined : record;
  }

  #openLater(record: ExportRecord, entry: Entry<Opened> | undefined): Promise<Opened> {
    if (entry?.state === 'opening') return entry.opened;
    const before = entry?.state === 'closing' ? entry.closed : Promise.resolve();
    const opened = before
      .then(() => this.#stillOpen(record.id) ?? this.#options.open(record))
      .then(
        (opened) => {
          const usedMs = this.#options.clock.now();
          this.#entries.set(record.id, { state: 'open', opened, usedMs, users: 0 });
          return opened;
        },
        (error) => {
          this.#entries.delete(record.id);
          throw error;
        },
      );
    this.#entries.set(record.id, { state: 'opening', opened });
    return opened;
  }

  /** What could not be closed while somebody waited for its end. */
  #stillOpen(id: string): Opened | undefined {
    const entry = this.#entries.get(id);
    return entry?.state === 'open' ? entry.opened : undefined;
  }

  /** One that cannot be closed is still open, and stays so: nothing that it holds is given up. */
  #close(id: string, opened: Opened): void {
    const closed = opened.close().then(
      () => this.#closed(id, undefined),
      (error: unknown) => {
        const record = this.#options.registry.get(id);
        if (record !== undefined) this.#options.onFailure(record, error);
        this.#closed(id, opened);
      },
    );
    this.#entries.set(id, { state: 'closing', closed });
  }

  #closed(id: string, stillOpen: Opened | undefined): void {
    const usedMs = this.#options.clock.now();
    if (stillOpen !== undefined && this.#served(id) !== undefined) {
      this.#entries.set(id, { state: 'open', opened: stillOpen, usedMs, users: 0 });
      return;
    }
    // Somebody may have asked for it meanwhile, and waits for this end to open it again.
    if (this.#entries.get(id)?.state === 'closing') this.#entries.delete(id);
  }
}
