import { MicelioError } from '../base/error.ts';

export type SessionErrorCode =
  | 'session/id-invalid'
  | 'session/not-found'
  | 'session/forbidden-move'
  | 'session/invalid'
  | 'session/removed'
  | 'session/checkpoint-unknown'
  | 'session/file-unknown'
  | 'session/unresolved'
  | 'session/lease-held'
  | 'session/lease-lost'
  | 'session/record-unreadable'
  | 'project/name-invalid'
  | 'project/not-found'
  | 'project/exists'
  | 'project/damaged'
  | 'project/diverged'
  | 'landing/nothing'
  | 'landing/unknown'
  | 'landing/changed-since'
  | 'landing/busy'
  | 'landing/conflict';

export class SessionError extends MicelioError<SessionErrorCode> {}
