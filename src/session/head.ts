import * as v from 'valibot';
import type { Hash } from '../base/hash.ts';
import { agentSchema, baseSchema, treePlaceSchema } from './session.ts';
import type { SessionId } from './session-id.ts';

const hash = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/),
  v.transform((text) => text as Hash),
);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** One file that a landing changed. Paths are for people (`textFromPath`); the trees have the bytes. */
const fileChangeSchema = v.object({
  kind: v.picklist(['added', 'modified', 'deleted', 'renamed']),
  path: v.string(),
  from: v.optional(v.string()),
});
export type FileChange = v.InferOutput<typeof fileChangeSchema>;

const sessionId = v.pipe(
  v.string(),
  v.transform((text) => text as SessionId),
);

/** Where a landing came from. */
const originSchema = v.variant('kind', [
  v.object({
    kind: v.literal('session'),
    session: sessionId,
    /** The session's tree when it landed. */
    tree: hash,
  }),
  v.object({ kind: v.literal('import'), source: v.string(), commit: v.nullable(v.string()), tree: hash }),
  v.object({ kind: v.literal('undo'), sequence: count }),
]);
export type Origin = v.InferOutput<typeof originSchema>;

/** One move of the head: who landed what and why. Immutable. */
export const landingSchema = v.object({
  /** 1 for the first landing of a project, one more for each. */
  sequence: count,
  /** Random: names this landing among all attempts. */
  id: v.string(),
  origin: originSchema,
  agent: agentSchema,
  message: v.string(),
  atMs: v.number(),
  /** The head before, and the tree this landing made of it. */
  before: hash,
  tree: hash,
  /** The session's base, when it landed. */
  base: v.nullable(baseSchema),
  /** How many files it changed, and the first of them; the trees have them all. */
  changeCount: count,
  changes: v.array(fileChangeSchema),
  /** A Bloom filter of the changed paths, base64 (`docs/formats/landings.md`). */
  paths: v.string(),
});
export type Landing = v.InferOutput<typeof landingSchema>;

/** What a project is, besides its files. */
const projectSchema = v.object({
  name: v.string(),
  createdMs: v.number(),
  description: v.string(),
});

/** What the head still says of a landing that it has moved on from: enough to see whether changes may meet it. */
const recentLandingSchema = v.object({
  sequence: count,
  /** The session that landed, if it was one. */
  session: v.nullable(sessionId),
  /** As in the landing. */
  paths: v.string(),
});
export type RecentLanding = v.InferOutput<typeof recentLandingSchema>;

/** What was last imported from a source. */
const importedSchema = v.object({
  source: v.string(),
  commit: v.nullable(v.string()),
  tree: hash,
  sequence: count,
});
export type Imported = v.InferOutput<typeof importedSchema>;

/** The head of a project: its tree, and the landings of the move that made it the head, newest last. */
export const headSchema = v.object({
  project: projectSchema,
  sequence: count,
  tree: hash,
  /**
   * The root of the tree and where its children lie, base64 (`tree/located-node.ts`): who reads the head can walk down
   * from here. Null where nobody knew, and for the empty tree, which everybody knows.
   */
  root: v.nullable(v.string()),
  /** Where that root lies itself, for the sessions that start from it. */
  places: v.optional(v.array(treePlaceSchema), []),
  landings: v.array(landingSchema),
  /** The landings before these, oldest first and without a gap, as far as there is room. */
  recent: v.array(recentLandingSchema),
  /** The last import from each source, oldest first, as far as there is room. */
  imports: v.array(importedSchema),
});
export type Head = v.InferOutput<typeof headSchema>;

/** How many landings a head remembers that it has moved on from, … */
const recentLandingsMax = 64;
/** … and how many characters their path filters may have together. */
const recentPathsMax = 16 * 1024;
/** Of how many sources a head remembers the last import. */
export const importsMax = 64;

/** The first head of a project: `tree` without a landing. */
export function firstHead(project: Head['project'], tree: Hash): Head {
  return { project, sequence: 0, tree, root: null, places: [], landings: [], recent: [], imports: [] };
}

/**
 * What `head` becomes by one move that lands `landings`, one upon the other and the first upon `head`. `root` is that of
 * the last one's tree, as in `Head`.
 */
export function nextHead(head: Head, landings: readonly Landing[], root: Head['root'] = null): Head {
  const last = landings.at(-1);
  if (last === undefined) return head;
  return {
    ...head,
    sequence: last.sequence,
    tree: last.tree,
    root,
    places: [],
    landings: [...landings],
    recent: withinBounds([...head.recent, ...head.landings.map(recentLanding)]),
    imports: withImports(head.imports, landings),
  };
}

/** What a landing leaves in the heads after it. */
export function recentLanding({ sequence, origin, paths }: Landing): RecentLanding {
  return { sequence, session: origin.kind === 'session' ? origin.session : null, paths };
}

function withinBounds(landings: readonly RecentLanding[]): RecentLanding[] {
  let first = landings.length;
  let characters = 0;
  while (first > 0 && landings.length - first < recentLandingsMax) {
    characters += landings[first - 1]!.paths.length;
    if (characters > recentPathsMax) break;
    first--;
  }
  return landings.slice(first);
}

function withImports(known: readonly Imported[], landings: readonly Landing[]): Imported[] {
  let imports = [...known];
  for (const { origin, sequence } of landings) {
    if (origin.kind !== 'import') continue;
    const { source, commit, tree } = origin;
    imports = [...imports.filter((other) => other.source !== source), { source, commit, tree, sequence }];
  }
  return imports.slice(-importsMax);
}

/** Whether both come from one session. */
export function isSameSession(a: Origin, b: Origin): boolean {
  return a.kind === 'session' && b.kind === 'session' && a.session === b.session;
}
