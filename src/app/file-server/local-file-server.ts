import { assert } from '../../base/error.ts';
import type { Hash } from '../../base/hash.ts';
import { type Random, randomText } from '../../base/random.ts';
import type { TakeMode } from '../../session/lease.ts';
import type { ProjectName } from '../../session/project-name.ts';
import type { SessionId } from '../../session/session-id.ts';
import type { WorkspaceKnowledge, WorkspaceSnapshot } from '../../session/workspace-port.ts';
import type { SessionFileSystem } from '../../vfs/session-file-system.ts';
import { applyTree } from '../../workspace/mount/apply.ts';
import { captureTree } from '../../workspace/mount/capture.ts';
import type {
  AttachRequest,
  FileOwner,
  FileServer,
  ServedId,
  ServedPath,
  ServedSession,
} from '../../workspace/mount/file-server-port.ts';
import { WorkspaceError } from '../../workspace/workspace-error.ts';
import { type ExportRecord, exportPath, type SessionExport, type TreeExport } from './export-record.ts';
import type { ExportRegistry } from './export-registry.ts';
import type { OpenedExport } from './open-export.ts';
import type { OpenExports } from './open-exports.ts';
import type { SessionLeases } from './session-leases.ts';
import type { Stores } from './stores.ts';

const secretCharacters = 26;
const idBytes = 16;

/** A tree to be served, read-only, to whoever knows its hash. */
export interface TreeRequest {
  readonly store: string;
  readonly project: ProjectName;
  readonly tree: Hash;
  readonly startedMs: number;
  readonly owner: FileOwner;
}

export interface LocalFileServerOptions {
  readonly registry: ExportRegistry;
  readonly exports: OpenExports<OpenedExport>;
  readonly stores: Stores;
  readonly leases: SessionLeases;
  readonly random: Random;
  /** Where NFS clients find it. */
  readonly host: string;
  readonly port: number;
}

/** The file server, in the process that is it. */
export class LocalFileServer implements FileServer {
  readonly #options: LocalFileServerOptions;
  /** The last of what is to be done with a session, one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: LocalFileServerOptions) {
    this.#options = options;
  }

  /** How many calls on sessions are under way. */
  get busy(): number {
    return this.#turns.size;
  }

  attach(request: AttachRequest): Promise<ServedSession> {
    const { registry, random } = this.#options;
    return this.#inTurn(request.session, async () => {
      const { store, project, session, tree, startedMs, directory, owner } = request;
      const known = registry.findSession(store, session);
      const record: SessionExport =
        known === undefined
          ? {
              kind: 'session',
              id: newId(random),
              ...{ store, project, tree, owner, startedMs, session, directory },
              secret: randomText(random, secretCharacters),
              state: 'served',
              agreed: tree,
              recorded: tree,
            }
          : { ...known, state: 'served', directory };
      await registry.put(record);
      return this.#served(record);
    });
  }

  async find(store: string, session: SessionId): Promise<ServedSession | undefined> {
    const record = this.#options.registry.findSession(store, session);
    return record && this.#served(record);
  }

  async list(): Promise<ServedSession[]> {
    return [...this.#options.registry].flatMap((record) =>
      record.kind === 'session' ? [this.#served(record)] : [],
    );
  }

  detach(id: ServedId): Promise<void> {
    const { registry, exports, leases } = this.#options;
    return this.#onSession(id, async () => {
      await registry.change(id, { state: 'detached' });
      await exports.close(id);
      leases.forget(id);
    });
  }

  discard(id: ServedId): Promise<void> {
    const { registry, exports } = this.#options;
    return this.#onSession(id, async ({ state, session }) => {
      if (state !== 'detached') {
        throw new WorkspaceError(
          'workspace/busy',
          `Session ${session} is served, and what it holds is not deleted. Remove the session first: mic session remove ${session}`,
        );
      }
      await exports.close(id);
      await registry.remove(id);
    });
  }

  renewSecret(id: ServedId): Promise<ServedSession> {
    const { registry, random } = this.#options;
    return this.#onSession(id, async (record) => {
      const secret = randomText(random, secretCharacters);
      return this.#served((await registry.change(id, { secret })) ?? record);
    });
  }

  /** Not in turn with other work on the session: to look at a lapsed lease takes a while. */
  take(id: ServedId, mode: TakeMode): Promise<void> {
    return this.#options.leases.take(this.#require(id), mode);
  }

  capture(id: ServedId): Promise<WorkspaceSnapshot> {
    return this.#onFiles(id, async (fileSystem, record) => {
      this.#options.leases.of(record).noteCapture();
      const snapshot = await captureTree(fileSystem, await this.#project(record));
      await this.#options.registry.change(id, { recorded: snapshot.tree });
      return snapshot;
    });
  }

  update(id: ServedId, tree: Hash): Promise<void> {
    return this.#onFiles(id, async (fileSystem, record) => {
      await applyTree(fileSystem, await this.#project(record), tree);
      await this.#options.registry.change(id, { recorded: tree });
    });
  }

  async known(id: ServedId): Promise<WorkspaceKnowledge> {
    const { agreed, recorded } = this.#require(id);
    return { agreed, recorded };
  }

  agree(id: ServedId, tree: Hash): Promise<void> {
    return this.#onSession(id, async (record) => {
      if (record.agreed !== tree) await this.#options.registry.change(id, { agreed: tree });
      this.#options.leases.of(record).noteAgreed();
    });
  }

  /** Serves a tree, to be read. Throws as the store does when the tree is not there. */
  async serveTree(request: TreeRequest): Promise<ServedPath> {
    const { registry, exports, random } = this.#options;
    const id = registry.findTree(request.tree)?.id;
    const record: TreeExport = { kind: 'tree', ...request, id: id ?? newId(random) };
    // Opened before anybody is told where it is, so that a tree that cannot be read is an error here.
    await exports.use(record, async () => {});
    await registry.put(record);
    return this.#path(record);
  }

  #served(record: SessionExport): ServedSession {
    const { id, session, tree: base, directory, state } = record;
    const overlay = this.#options.registry.directoryOf(id);
    return { id, session, base, directory, overlay, state, ...this.#path(record) };
  }

  #path(record: ExportRecord): ServedPath {
    const { host, port } = this.#options;
    return { host, port, path: exportPath(record) };
  }

  #project({ store, project }: ExportRecord) {
    return this.#options.stores.project(store, project);
  }

  #require(id: ServedId): SessionExport {
    const record = this.#options.registry.get(id);
    if (record?.kind === 'session') return record;
    throw new WorkspaceError(
      'workspace/not-served',
      'The file server does not know this session any more. "mic session path" with its id has it served again.',
    );
  }

  /** Works on the files of a session that is served, while nothing else here does. */
  #onFiles<T>(
    id: ServedId,
    work: (fileSystem: SessionFileSystem, record: SessionExport) => Promise<T>,
  ): Promise<T> {
    return this.#onSession(id, (record) => {
      if (record.state === 'detached') {
        throw new WorkspaceError(
          'workspace/not-served',
          `Session ${record.session} is put aside. Bring it back first: mic session restore ${record.session}`,
        );
      }
      return this.#options.exports.use(record, (opened) => {
        assert(opened.kind === 'session', 'what is behind a session is a session');
        return work(opened.session, record);
      });
    });
  }

  #onSession<T>(id: ServedId, work: (record: SessionExport) => Promise<T>): Promise<T> {
    return this.#inTurn(this.#require(id).session, async () => work(this.#require(id)));
  }

  #inTurn<T>(session: SessionId, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(session) ?? Promise.resolve()).then(work);
    const settled = turn
      .catch(() => {})
      .then(() => {
        if (this.#turns.get(session) === settled) this.#turns.delete(session);
      });
    this.#turns.set(session, settled);
    return turn;
  }
}

function newId(random: Random): ServedId {
  return Buffer.from(random.bytes(idBytes)).toString('hex') as ServedId;
}
