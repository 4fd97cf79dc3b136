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
    this.#remove(this.#announcedPath(token.slug));
  }

  /**
   * Notes how a claim is called that this machine is about to make: a process that is killed before it can note that it has
   * the session leaves a claim that is known by this all the same.
   */
  announce(token: ClaimToken): void {
    replaceFile(this.#announcedPath(token.slug), `${token.id} ${process.pid}\n`);
  }

  /** The claim that was announced last, by a process that is gone and has not noted what came of it. */
  announced(slug: Slug): ClaimToken | undefined {
    const path = this.#announcedPath(slug);
    try {
      const [id = '', pid] = readFileSync(path, 'utf8').trim().split(' ');
      return isRunning(Number(pid)) ? undefined : { slug, id };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw workspaceErrorFrom(error, `read "${path}"`);
    }
  }

  forget(slug: Slug): void {
    this.#remove(this.#announcedPath(slug));
    this.#remove(this.#pathOf(slug));
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
    try {
      return readdirSync(this.#folder)
        .map((name) => name.replace(/\.json$/, ''))
        .filter(isSlug)
        .sort();
    } catch (error) {
      if (isAbsent(error)) return [];
      throw workspaceErrorFrom(error, `look into "${this.#folder}"`);
    }
  }

  #announcedPath(slug: Slug): string {
    return join(this.#folder, `${slug}.taking`);
  }

  #pathOf(slug: Slug): string {
    return join(this.#folder, `${slug}.json`);
  }
}
