import * as v from 'valibot';
import type { Hash } from '../base/hash.ts';
import { sessionStates } from './life-cycle.ts';
import type { ProjectName } from './project-name.ts';
import type { SessionId } from './session-id.ts';

const hash = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/),
  v.transform((text) => text as Hash),
);
const milliseconds = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Who works: a person or a program. */
export const agentSchema = v.object({ name: v.string(), email: v.string() });
export type Agent = v.InferOutput<typeof agentSchema>;

/** A tree of the project and the landing that made it: what a session starts from. */
export const baseSchema = v.object({ tree: hash, sequence: count });
export type Base = v.InferOutput<typeof baseSchema>;

/** Where the root of a tree lies (`blob/place.ts`), as its writer knew. Advice: it may have moved since. */
export const treePlaceSchema = v.object({ tree: hash, place: v.pipe(v.string(), v.maxLength(1024)) });
export type TreePlace = v.InferOutput<typeof treePlaceSchema>;

/** A turn of the conversation between agents and people. */
export const messageSchema = v.object({ atMs: milliseconds, author: v.string(), text: v.string() });

/** What was decided, why, and what else was thought of. */
export const decisionSchema = v.object({
  atMs: milliseconds,
  author: v.string(),
  what: v.string(),
  why: v.string(),
  alternatives: v.array(v.string()),
});
export type Decision = v.InferOutput<typeof decisionSchema>;

/** What happened to the session itself: started, checkpointed, synced, landed. */
export const workSchema = v.object({ atMs: milliseconds, author: v.string(), text: v.string() });

/** A path whose two versions could not be merged. */
const openConflictSchema = v.object({
  /** The path as a byte string (`tree/path.ts`). */
  path: v.string(),
  kind: v.string(),
  /** What `sync` left of it in the files (`entryText`); while that is there, nobody has resolved it. Null: not synced. */
  left: v.nullable(v.array(v.object({ path: v.string(), entry: v.string() }))),
  /** Somebody said that it is right as it is. */
  resolved: v.boolean(),
});
export type OpenConflict = v.InferOutput<typeof openConflictSchema>;

/** Where a session's files are edited. A mount is kept as its differences from the tree `base`. */
const workspaceSchema = v.variant('kind', [
  v.object({ kind: v.literal('checkout'), directory: v.string() }),
  v.object({ kind: v.literal('mount'), directory: v.string(), base: hash }),
]);

/** Who may write a mounted session (`lease.ts`). */
const leaseSchema = v.object({
  /** Grows by one whenever another takes it: what is recorded under an older one is refused. */
  token: count,
  /** Who has it, or had it last: the id of what a file server keeps of the session. */
  holder: v.string(),
  /** The holder's machine, for people. */
  machine: v.string(),
  sinceMs: milliseconds,
  /** Until when the holder has renewed it, by its own clock. Null: given back. */
  untilMs: v.nullable(milliseconds),
  /** How long a renewal is good for, in ms. */
  termMs: milliseconds,
  /** The trees that those who had it keep their files as differences from, and merge from: they may come back. */
  bases: v.array(hash),
});
export type Lease = v.InferOutput<typeof leaseSchema>;

/** The state of a session's files that was recorded, and when. */
const checkpointSchema = v.object({ number: count, tree: hash, atMs: milliseconds, note: v.string() });
export type Checkpoint = v.InferOutput<typeof checkpointSchema>;

/**
 * A session as its ledger keeps it. `tree` is what its files were when they were last recorded, `base` what they
 * started from, or were last brought up to.
 */
export const sessionSchema = v.object({
  id: v.pipe(
    v.string(),
    v.transform((text) => text as SessionId),
  ),
  project: v.pipe(
    v.string(),
    v.transform((text) => text as ProjectName),
  ),
  title: v.string(),
  goal: v.string(),
  description: v.string(),
  agent: agentSchema,
  state: v.picklist(sessionStates),
  createdMs: milliseconds,
  updatedMs: milliseconds,
  base: baseSchema,
  tree: hash,
  places: v.optional(v.array(treePlaceSchema), []),
  checkpoints: v.array(checkpointSchema),
  conversation: v.array(messageSchema),
  decisions: v.array(decisionSchema),
  worklog: v.array(workSchema),
  /** Blobs with earlier parts of the record, oldest first; what stands above is the newest. */
  earlierRecord: v.array(hash),
  forkedFrom: v.nullable(v.string()),
  /** Where its files are edited, on the machine that made it. */
  workspace: v.nullable(workspaceSchema),
  /** Who serves it to be written. Null: nobody ever did, as in documents from before there were leases. */
  lease: v.optional(v.nullable(leaseSchema), null),
  landed: v.nullable(v.object({ sequence: count })),
  conflicts: v.array(openConflictSchema),
  /** Removed from sight, and kept until then. */
  removed: v.nullable(
    v.object({
      atMs: milliseconds,
      keepUntilMs: milliseconds,
      /** Where the files of the workspace were put aside, with all that no tree holds, such as ignored ones. */
      directory: v.nullable(v.string()),
    }),
  ),
});
export type Session = v.InferOutput<typeof sessionSchema>;
