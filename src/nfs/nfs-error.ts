import { MicelioError } from '../base/error.ts';

/** What the server itself answers, before or beside what the file system says. */
export type NfsErrorCode =
  /** Bytes that are not what XDR or the procedure's arguments say. */
  | 'nfs/malformed'
  /** A stream that is no stream of records within the limits: its connection is closed. */
  | 'nfs/record-refused'
  | 'nfs/bad-handle'
  /** The handle was true once, but its export is no longer served. */
  | 'nfs/export-gone'
  | 'nfs/bad-cookie'
  /** Not even one name fits what the client takes. */
  | 'nfs/too-small'
  | 'nfs/bad-type'
  /** What was needed did not come into memory, however often it was waited for. */
  | 'nfs/busy'
  | 'nfs/fault';

/**
 * What keeps a call from being answered as asked. A hostile client can cause thousands a second, so they carry no stack:
 * `nfsError` hands out one instance a code.
 */
export class NfsError extends MicelioError<NfsErrorCode> {}

const messages: Record<NfsErrorCode, string> = {
  'nfs/malformed': 'The bytes are not what the protocol says. Look for a client that speaks another version.',
  'nfs/record-refused':
    'The stream is not made of records within the limits. The client has to connect again.',
  'nfs/bad-handle': 'This file handle was not made by this server. Mount again.',
  'nfs/export-gone': 'The session or tree of this handle is no longer served. Unmount it.',
  'nfs/bad-cookie': 'There is no such place in a directory. List it again from its beginning.',
  'nfs/too-small': 'The reply that the client takes has no room for one name. Ask for more bytes.',
  'nfs/bad-type': 'No file of this type can be made.',
  'nfs/busy': 'What was asked for is being fetched. Ask again later.',
  'nfs/fault': 'The server failed. Its log says why.',
};

const instances = new Map<NfsErrorCode, NfsError>();

/** The error of a code. */
export function nfsError(code: NfsErrorCode): NfsError {
  let error = instances.get(code);
  if (error === undefined) {
    error = new NfsError(code, messages[code]);
    instances.set(code, error);
  }
  return error;
}
