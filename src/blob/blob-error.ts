import { MicelioError } from '../base/error.ts';

export type BlobErrorCode =
  | 'blob/not-found'
  | 'blob/corrupt'
  | 'blob/format-unknown'
  | 'blob/too-large'
  | 'blob/too-slow';

export class BlobError extends MicelioError<BlobErrorCode> {}
