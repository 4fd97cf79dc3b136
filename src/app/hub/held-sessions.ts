import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { isAbsent } from '../../base/system-error.ts';
import { isRunning } from '../../git/file-lock.ts';
import type { ClaimToken } from '../../ledger/git/claim.ts';
import { isSlug, type Slug } from '../../session/plan/slug.ts';
import { replaceFile } from '../../workspace/replace-file.ts';
import { workspaceErrorFrom } from '../../workspace/workspace-error.ts';

const heldSchema = v.object({
  version: v.literal(1),
  /** Which taking of the session is this machine's. */
  claim: v.string(),
  /** The top of its workspace, absolute; null where it has none here. */
  directory: v.nullable(v.string()),
});

/** A session that was claimed through this hub, on this machine. */
export interface HeldSession {
  readonly token: ClaimToken;
  readonly directory: string | undefined;
}

/**
 * What this machine remembers of the sessions that it holds, in the hub's git directory: a file a session. Without it a
 * claim cannot be told from somebody else's by the same name.
 */
export class HeldSessions {
  readonly #folder: string;

  /** `gitDirectory` is that of the hub. */
  constructor(gitDirectory: string) {
    this.#folder = join(gitDirectory, 'micelio', 'held');
  }

  get(slug: Slug): HeldSession | undefined {
    const path = this.#pathOf(slug);
    try {
      const { claim, directory } = v.parse(heldSchema, JSON.parse(readFileSync(path, 'utf8')));
      return { token: { slug, id: claim }, directory: directory ?? undefined };
    } catch (error) {
      if (isAbsent(error) || error instanceof v.ValiError || error instanceof SyntaxError) return undefined;
      throw workspaceErrorFrom(error, `read "${path}"`);
    }
  }

  set({ token, directory }: HeldSession): void {
    const held = { version: 1, claim: token.id, directory: directory ?? null };
    replaceFile(this.#pathOf(token.slug), `${JSON.stringify(held)}\n`);
    this.#forgetAnnounced(token.slug);
  }

  /**
   * Notes how a claim is called that this machine is about to make: a process that is killed before it can note that it has
   * the session leaves a claim that is known by this all the same.
   */
  announce(token: ClaimToken): void {
    replaceFile(join(this.#folder, `${token.slug}.${process.pid}.taking`), `${token.id}\n`);
  }

  /** Claims that were announced by processes that are gone, and have not noted what came of it. */
  announced(slug: Slug): ClaimToken[] {
    return this.#announcements(slug).flatMap(({ path, pid, isWhole }) => {
      if (isRunning(pid) || !isWhole) return [];
      try {
        return [{ slug, id: readFileSync(path, 'utf8').trim() }];
      } catch (error) {
        if (isAbsent(error)) return [];
        throw workspaceErrorFrom(error, `read "${path}"`);
      }
    });
  }

  /** Those of this process, and of such as are gone. */
  #forgetAnnounced(slug: Slug): void {
    for (const { path, pid } of this.#announcements(slug))
      if (pid === process.pid || !isRunning(pid)) this.#remove(path);
  }

  /** Whole, or such as were being written when their process was killed. */
  #announcements(slug: Slug): { readonly path: string; readonly pid: number; readonly isWhole: boolean }[] {
    return this.#names().flatMap((name) => {
      const [end, pid] = /\.(\d+)\.taking(?:\.new)?$/.exec(name) ?? [];
      if (end === undefined || name !== `${slug}${end}`) return [];
      return [{ path: join(this.#folder, name), pid: Number(pid), isWhole: end.endsWith('.taking') }];
    });
  }

  forget(slug: Slug): void {
    this.#forgetAnnounced(slug);
    const path = this.#pathOf(slug);
    this.#remove(path);
    // Left where a process was killed as it wrote.
    this.#remove(`${path}.new`);
  }

  #remove(path: string): void {
    try {
      rmSync(path, { force: true });
    } catch (error) {
      throw workspaceErrorFrom(error, `delete "${path}"`);
    }
  }

  /** All sessions that are held here. */
  slugs(): Slug[] {
    return this.#names()
      .map((name) => name.replace(/\.json$/, ''))
      .filter(isSlug)
      .sort();
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch (error) {
      if (isAbsent(error)) return [];
      throw workspaceErrorFrom(error, `look into "${this.#folder}"`);
    }
  }

  #pathOf(slug: Slug): string {
    return join(this.#folder, `${slug}.json`);
  }
}
