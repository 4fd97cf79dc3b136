import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { besides } from '../../git/exclusive-file.ts';
import { type ObjectId, parseObjectId } from '../../git/object-id.ts';
import type { Repository } from '../../git/repository.ts';
import { parseSlug, type Slug } from '../../session/plan/slug.ts';

/** For how long a sighting is kept, in ms: longer than any claim may be good for; and how many are, the newest. */
const keptMsMax = 14 * 24 * 60 * 60 * 1000;
const countMax = 1000;

const sightingSchema = v.tuple([
  v.pipe(v.string(), v.transform(parseSlug)),
  v.pipe(v.string(), v.transform(parseObjectId)),
  v.number(),
]);
type Sighting = v.InferOutput<typeof sightingSchema>;
const fileSchema = v.object({ version: v.literal(1), seen: v.array(sightingSchema) });

/**
 * Since when this machine has seen claims as they are, from one command to the next: a file in the hub's git directory, one a
 * machine, since each goes by its own clock. Every blob of a claim is another one, so one that is the same was not renewed
 * in between. Of several processes that note something at once, one may be forgotten: then it is noted later.
 */
export class ClaimSightings {
  readonly #path: string;

  constructor({ gitDirectory }: Repository, machine: string) {
    this.#path = join(gitDirectory, 'micelio', 'claims-seen', `${encodeURIComponent(machine)}.json`);
  }

  /** Notes that `blob` is the claim of `slug` since `sinceMs`. Returns since when this machine has seen that. */
  note(slug: Slug, blob: ObjectId, sinceMs: number): number {
    const seen = this.#read();
    const known = seen.find(([name, id]) => name === slug && id === blob)?.[2];
    if (known !== undefined && known <= sinceMs) return known;
    const others = seen.filter(([name, , ms]) => name !== slug && Math.abs(sinceMs - ms) < keptMsMax);
    this.#write([...others, [slug, blob, sinceMs] as const].slice(-countMax));
    return sinceMs;
  }

  #read(): readonly Sighting[] {
    try {
      return v.parse(fileSchema, JSON.parse(readFileSync(this.#path, 'utf8'))).seen;
    } catch {
      // None yet, or one that nobody can read: then the claim is seen for the first time.
      return [];
    }
  }

  #write(seen: readonly (readonly [...Sighting])[]): void {
    const draft = besides(this.#path);
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(draft, `${JSON.stringify({ version: 1, seen })}\n`);
      renameSync(draft, this.#path);
    } catch {
      // Whoever may only read goes by the holder's clock, which takes longer.
    }
  }
}
