import * as v from 'valibot';
import { parseHash } from '../../base/hash.ts';
import { parseProjectName } from '../../session/project-name.ts';
import { parseSessionId } from '../../session/session-id.ts';
import type { ServedId } from '../../workspace/mount/file-server-port.ts';

const format = 'micelio-export';
const version = 1;

const hash = v.pipe(v.string(), v.transform(parseHash));
const owner = v.object({ uid: v.number(), gid: v.number() });
const id = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{32}$/),
  v.transform((text) => text as ServedId),
);
const head = { format: v.literal(format), version: v.literal(version) };
const common = {
  /** Stands in file handles. */
  id,
  /** Where the store is: an absolute path, or an `s3://` URL. */
  store: v.string(),
  project: v.pipe(v.string(), v.transform(parseProjectName)),
  /** What the files are, or were at first. */
  tree: hash,
  /** Whom they belong to. */
  owner,
  /** Their times, in ms since the Unix epoch. */
  startedMs: v.number(),
};

const sessionExportSchema = v.object({
  ...head,
  kind: v.literal('session'),
  ...common,
  session: v.pipe(v.string(), v.transform(parseSessionId)),
  /** Stands in the export path: who does not know it cannot mount the session. */
  secret: v.string(),
  state: v.picklist(['served', 'detached']),
  /** Where it is to be mounted, absolute. */
  directory: v.string(),
  /** See `WorkspaceKnowledge`. */
  agreed: hash,
  recorded: hash,
});

const treeExportSchema = v.object({ ...head, kind: v.literal('tree'), ...common });

/** A session that is served, or was until it was removed. */
export type SessionExport = Omit<v.InferOutput<typeof sessionExportSchema>, 'format' | 'version'>;
/** A tree that is served, to be read. */
export type TreeExport = Omit<v.InferOutput<typeof treeExportSchema>, 'format' | 'version'>;
/** What is served, and all that has to be known for it to be served again by another process. */
export type ExportRecord = SessionExport | TreeExport;

const recordSchema = v.variant('kind', [sessionExportSchema, treeExportSchema]);

/** The record that `text` is; undefined where this version does not understand it. */
export function parseExportRecord(text: string): ExportRecord | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
    const { format: _, version: __, ...record } = v.parse(recordSchema, json);
    return record;
  } catch {
    return undefined;
  }
}

export function exportRecordText(record: ExportRecord): string {
  return `${JSON.stringify(v.parse(recordSchema, { format, version, ...record }), null, 2)}\n`;
}

/** What a client mounts. */
export function exportPath(record: ExportRecord): string {
  return record.kind === 'session'
    ? `/exports/sessions/${record.session}/${record.secret}`
    : `/exports/trees/${record.tree}`;
}
