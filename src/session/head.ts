import * as v from 'valibot';
import type { Hash } from '../base/hash.ts';
import { agentSchema, baseSchema } from './session.ts';
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

/** Where a landing came from. */
const originSchema = v.variant('kind', [
  v.object({
    kind: v.literal('session'),
    session: v.pipe(
      v.string(),
      v.transform((text) => text as SessionId),
    ),
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

/** The head of a project: its tree, and the landings of the move that made it the head, newest last. */
export const headSchema = v.object({
  project: projectSchema,
  sequence: count,
  tree: hash,
  landings: v.array(landingSchema),
});
export type Head = v.InferOutput<typeof headSchema>;

/** Whether both come from one session. */
export function isSameSession(a: Origin, b: Origin): boolean {
  return a.kind === 'session' && b.kind === 'session' && a.session === b.session;
}
