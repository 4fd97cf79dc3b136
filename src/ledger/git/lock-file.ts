import { isSlug, type Slug } from '../../session/plan/slug.ts';

/**
 * `sessions.lock`: a line `slug:unixtime` for each session that is claimed. People and scripts append to it by hand, so
 * lines that say something else are left as they are.
 */
export type LockLines = ReadonlyMap<Slug, number>;

/** In bytes. A line has some 40. */
export const lockBytesMax = 16 * 1024 * 1024;

/** Who is claimed, and since when, in seconds since the epoch. Of several lines for one session the first counts. */
export function parseLockFile(text: string): LockLines {
  const lines = new Map<Slug, number>();
  for (const line of text.split('\n')) {
    const claim = parseLine(line);
    if (claim !== undefined && !lines.has(claim.slug)) lines.set(claim.slug, claim.seconds);
  }
  return lines;
}

/** `text` with one line for `slug`, at the end where it is new or has changed; without any where `seconds` is undefined. */
export function withLockLine(text: string, slug: Slug, seconds: number | undefined): string {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  // Told from others by how it begins: most lines are others'.
  const isOwn = (line: string) => line.startsWith(`${slug}:`) && parseLine(line) !== undefined;
  const own = lines.filter(isOwn);
  if (seconds !== undefined && own.length === 1 && parseLine(own[0]!)?.seconds === seconds) return text;
  const others = lines.filter((line) => !isOwn(line));
  const all = seconds === undefined ? others : [...others, `${slug}:${seconds}`];
  return all.map((line) => `${line}\n`).join('');
}

function parseLine(line: string): { readonly slug: Slug; readonly seconds: number } | undefined {
  const [, slug, seconds] = /^([^:\s]+):(\d{1,11})\s*$/.exec(line) ?? [];
  return slug !== undefined && isSlug(slug) ? { slug, seconds: Number(seconds) } : undefined;
}
