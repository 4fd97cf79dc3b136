import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { isAbsent, systemCode } from '../base/system-error.ts';
import { isSlug, type Slug } from '../session/plan/slug.ts';
import { ProcessLock } from '../storage/directory/process-lock.ts';
import { AgentError } from './agent-error.ts';

const recordSchema = v.object({
  version: v.literal(1),
  /** Names this run; its processes have it in their environment. */
  run: v.string(),
  /** Which taking of the session it is for: that which is under way, or about to be. */
  taking: v.string(),
  /**
   * `taking`: until the program is started. `finishing`: the program has ended well, and the session is to be completed.
   * `giving-back`: it is to be given back.
   */
  phase: v.picklist(['taking', 'working', 'finishing', 'giving-back']),
  /** Why it is given back; left out where its runner was told to end, which is no failure. */
  failure: v.optional(v.string()),
  /** The first process of the program. */
  process: v.optional(v.object({ pid: v.number(), started: v.string() })),
});
/** What a runner notes of a session before it does anything to it, for whoever comes after it was killed. */
export type RunRecord = Omit<v.InferOutput<typeof recordSchema>, 'version'>;

/**
 * What runners on this machine note of the sessions that they run, in a directory of the hub: a record a session, a lock
 * that ends with its process, and a log. Format: docs/formats/agent-runs.md.
 */
export class RunRecords {
  readonly #folder: string;

  /** `folder` is made where it is missing. Throws `agent/disk`. */
  constructor(folder: string) {
    this.#folder = folder;
    attempt(folder, () => mkdirSync(join(folder, 'locks'), { recursive: true, mode: 0o700 }));
  }

  /** Takes a session for this process; undefined where another runner of this machine is at it. Throws `agent/disk`. */
  take(slug: Slug): RunHold | undefined {
    const lock = attempt(this.#folder, () => new ProcessLock(join(this.#folder, 'locks', slug)));
    if (attempt(this.#folder, () => lock.tryTake())) return new RunHold(this.#folder, slug, lock);
    lock.close();
    return undefined;
  }

  /** The sessions of which there is a record, run by this process or another, or left behind. */
  slugs(): Slug[] {
    const names = attempt(this.#folder, () => readdirSync(this.#folder));
    return names
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length))
      .filter(isSlug)
      .sort();
  }
}

/** A session that this process alone of all on this machine may run. To be released. */
export class RunHold {
  readonly slug: Slug;
  readonly #folder: string;
  readonly #lock: ProcessLock;

  constructor(folder: string, slug: Slug, lock: ProcessLock) {
    this.slug = slug;
    this.#folder = folder;
    this.#lock = lock;
  }

  /** Where the output of the session's programs goes. */
  get logPath(): string {
    return join(this.#folder, `${this.slug}.log`);
  }

  /** What a runner has noted; undefined where nothing is noted, or nothing that can be understood. */
  read(): RunRecord | undefined {
    try {
      const { version: _version, ...record } = v.parse(
        recordSchema,
        JSON.parse(readFileSync(this.#path, 'utf8')),
      );
      return record;
    } catch (error) {
      if (isAbsent(error) || error instanceof v.ValiError || error instanceof SyntaxError) return undefined;
      throw diskError(this.#path, error);
    }
  }

  write(record: RunRecord): void {
    attempt(this.#path, () => {
      writeFileSync(`${this.#path}.new`, `${JSON.stringify({ version: 1, ...record })}\n`, { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    });
  }

  /** The run is over, and nothing of it is left to do. */
  forget(): void {
    attempt(this.#path, () => rmSync(this.#path, { force: true }));
  }

  release(): void {
    this.#lock.close();
  }

  get #path(): string {
    return join(this.#folder, `${this.slug}.json`);
  }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw diskError(path, error);
  }
}

function diskError(path: string, cause: unknown): AgentError {
  const why = systemCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
  return new AgentError(
    'agent/disk',
    `What is noted of agent programs in "${path}" cannot be read or written (${why}). See that there is space, and that the directory is yours.`,
    { cause },
  );
}
