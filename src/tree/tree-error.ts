import { MicelioError } from '../base/error.ts';

export type TreeErrorCode =
  | 'tree/corrupt'
  | 'tree/format-unknown'
  | 'tree/path-invalid'
  | 'tree/not-a-directory'
  | 'tree/directory-not-empty'
  | 'tree/out-of-order';

export class TreeError extends MicelioError<TreeErrorCode> {}
