import * as v from 'valibot';
import type { Hash } from '../base/hash.ts';
import { objectBytesMax } from '../blob/limits.ts';
import { decisionSchema, messageSchema, workSchema } from './session.ts';
import { SessionError } from './session-error.ts';

const format = 'micelio/record';
const version = 1;

/** Bytes of one part; an entry that is longer is a part by itself, and is never as long as an object may be. */
const partBytesMax = objectBytesMax / 2;

const recordSchema = v.object({
  conversation: v.array(messageSchema),
  decisions: v.array(decisionSchema),
  worklog: v.array(workSchema),
});

/** What was said, decided and done in a session, oldest first. */
export type SessionRecord = v.InferOutput<typeof recordSchema>;

/** Parts that make up `record`, oldest first, each small enough for an object (`docs/formats/sessions.md`). */
export function encodeRecord(record: SessionRecord): Buffer[] {
  const parts: Buffer[] = [];
  let part = emptyRecord();
  let size = 0;
  for (const kind of ['conversation', 'decisions', 'worklog'] as const) {
    for (const entry of record[kind]) {
      const bytes = Buffer.byteLength(JSON.stringify(entry)) + 1;
      if (size > 0 && size + bytes > partBytesMax) {
        parts.push(encodePart(part));
        part = emptyRecord();
        size = 0;
      }
      (part[kind] as unknown[]).push(entry);
      size += bytes;
    }
  }
  return [...parts, encodePart(part)];
}

/** Reads a part. `hash` is for the message. Throws `session/record-unreadable`. */
export function decodeRecord(bytes: Buffer, hash: Hash): SessionRecord {
  try {
    const { format: name, version: found, ...fields } = v.parse(v.looseObject({}), JSON.parse(`${bytes}`));
    if (name === format && found === version) return v.parse(recordSchema, fields);
  } catch (cause) {
    throw unreadable(hash, 'It is damaged: run "mic store fsck".', cause);
  }
  throw unreadable(hash, 'It has a format that this version does not know: update Micelio.');
}

function encodePart(part: SessionRecord): Buffer {
  return Buffer.from(JSON.stringify({ format, version, ...part }));
}

function emptyRecord(): SessionRecord {
  return { conversation: [], decisions: [], worklog: [] };
}

function unreadable(hash: Hash, reason: string, cause?: unknown): SessionError {
  return new SessionError(
    'session/record-unreadable',
    `The earlier part ${hash} of a session's record cannot be read. ${reason}`,
    { cause },
  );
}
