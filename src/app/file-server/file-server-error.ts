import { MicelioError } from '../../base/error.ts';

export type FileServerErrorCode =
  /** It did not start, and its log says why. */
  | 'file-server/not-started'
  /** It was there, and does not answer any more. */
  | 'file-server/gone'
  /** One of another version runs, and is at work. */
  | 'file-server/other-version'
  /** The port that it has to use is taken by somebody else. */
  | 'file-server/port-taken'
  /** Its directories belong to somebody else, or others may look into them. */
  | 'file-server/denied'
  /** One of its files is not what this version writes. */
  | 'file-server/format-unknown'
  /** A call that is not understood. */
  | 'file-server/request-invalid'
  /** It is being stopped. */
  | 'file-server/stopping'
  /** It failed where it should not. */
  | 'file-server/failed';

export class FileServerError extends MicelioError<FileServerErrorCode> {}
