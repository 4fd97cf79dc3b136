import * as v from 'valibot';
import { parseHash } from '../../base/hash.ts';
import { takeModes } from '../../session/lease.ts';
import { parseProjectName } from '../../session/project-name.ts';
import { parseSessionId } from '../../session/session-id.ts';
import type { TreePath } from '../../tree/path.ts';
import type { ServedId } from '../../workspace/mount/file-server-port.ts';

/** Bytes of a call. */
export const callBytesMax = 64 * 1024;
/** Bytes of an answer: what a snapshot left behind may be a long list. */
export const answerBytesMax = 64 * 1024 * 1024;

const hash = v.pipe(v.string(), v.transform(parseHash));
const session = v.pipe(v.string(), v.transform(parseSessionId));
const project = v.pipe(v.string(), v.transform(parseProjectName));
const id = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{32}$/),
  v.transform((text) => text as ServedId),
);
const owner = v.object({ uid: v.number(), gid: v.number() });
const treeAndId = v.object({ id, tree: hash });
const onlyId = v.object({ id });
const nothing = v.object({});

const servedPath = { host: v.string(), port: v.number(), path: v.string() };
const servedSession = v.object({
  ...servedPath,
  id,
  session,
  base: hash,
  directory: v.string(),
  overlay: v.string(),
  state: v.picklist(['served', 'detached']),
});
export const statusSchema = v.object({
  version: v.string(),
  pid: v.number(),
  host: v.string(),
  port: v.number(),
  startedMs: v.number(),
  /** How many sessions and trees it knows, and how many of them are open. */
  exports: v.number(),
  open: v.number(),
  /** How many calls are under way. */
  busy: v.number(),
});
export type FileServerStatus = v.InferOutput<typeof statusSchema>;

/** What can be asked of a file server, and what it answers. `status` and `stop` stay as they are in every version. */
export const calls = {
  status: { request: nothing, answer: statusSchema },
  stop: { request: v.object({ how: v.picklist(['checkpoint', 'restart']) }), answer: nothing },
  attach: {
    request: v.object({
      store: v.string(),
      project,
      session,
      tree: hash,
      startedMs: v.number(),
      directory: v.string(),
      owner,
    }),
    answer: servedSession,
  },
  find: {
    request: v.object({ store: v.string(), session }),
    answer: v.object({ found: v.nullable(servedSession) }),
  },
  list: {
    request: nothing,
    /** `lost`: the ids of those that another machine writes. */
    answer: v.object({ sessions: v.array(servedSession), lost: v.array(id) }),
  },
  detach: { request: onlyId, answer: nothing },
  discard: { request: onlyId, answer: nothing },
  renewSecret: { request: onlyId, answer: servedSession },
  take: { request: v.object({ id, mode: v.picklist(takeModes) }), answer: nothing },
  capture: {
    request: onlyId,
    answer: v.object({
      tree: hash,
      leftBehind: v.array(
        v.object({
          path: v.pipe(
            v.string(),
            v.transform((text) => text as TreePath),
          ),
          reason: v.string(),
        }),
      ),
    }),
  },
  update: { request: treeAndId, answer: nothing },
  known: { request: onlyId, answer: v.object({ agreed: hash, recorded: hash }) },
  agree: { request: treeAndId, answer: nothing },
  serveTree: {
    request: v.object({ store: v.string(), project, tree: hash, startedMs: v.number(), owner }),
    answer: v.object(servedPath),
  },
} as const;

export type CallName = keyof typeof calls;
export type CallRequest<Name extends CallName> = v.InferOutput<(typeof calls)[Name]['request']>;
export type CallAnswer<Name extends CallName> = v.InferOutput<(typeof calls)[Name]['answer']>;

/** Who answers calls. */
export type CallHandlers = {
  readonly [Name in CallName]: (request: CallRequest<Name>) => CallAnswer<Name> | Promise<CallAnswer<Name>>;
};

/** An error, on its way from the file server to who called it. */
export const failureSchema = v.object({ error: v.object({ code: v.string(), message: v.string() }) });
