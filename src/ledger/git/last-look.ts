import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { besides } from '../../git/exclusive-file.ts';
import { parseObjectId } from '../../git/object-id.ts';
import type { Repository } from '../../git/repository.ts';
import { parseSlug, type Slug } from '../../session/plan/slug.ts';
import type { AuthorityRefs } from './authority.ts';

/** The refs that decide, as they were when this repository last saw them. */
export interface LastKnown {
  readonly refs: AuthorityRefs;
  /** When that was, in ms since the epoch; undefined where it never asked, and has only what git has fetched. */
  readonly atMs: number | undefined;
}

const objectId = v.pipe(v.string(), v.transform(parseObjectId));
const slug = v.pipe(v.string(), v.transform(parseSlug));

const lastLookSchema = v.object({
  version: v.literal(1),
  atMs: v.number(),
  main: objectId,
  claims: v.array(v.tuple([slug, objectId])),
});

/** Notes what a look at a remote has found: for when it is out of reach. */
export function writeLastLook(hub: Repository, remote: string, { refs, atMs }: Required<LastKnown>): void {
  const path = fileOf(hub, remote);
  const text = JSON.stringify({ version: 1, atMs, main: refs.main, claims: Array.from(refs.claims) });
  const draft = besides(path);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(draft, `${text}\n`);
    renameSync(draft, path);
  } catch {
    // What was asked for is known all the same. What is told offline later is older, and says from when it is.
  }
}

/** What the last look at a remote has found; undefined where there was none. */
export function readLastLook(hub: Repository, remote: string): LastKnown | undefined {
  try {
    const { atMs, main, claims } = v.parse(
      lastLookSchema,
      JSON.parse(readFileSync(fileOf(hub, remote), 'utf8')),
    );
    return { refs: { main, claims: new Map<Slug, (typeof claims)[number][1]>(claims) }, atMs };
  } catch {
    // None yet, or one that nobody can read: then git's own fetches are all there is.
    return undefined;
  }
}

function fileOf({ gitDirectory }: Repository, remote: string): string {
  return join(gitDirectory, 'micelio', 'last-look', `${encodeURIComponent(remote)}.json`);
}
