import { FileSystemError, type FileSystemErrorCode } from '../vfs/file-system-error.ts';
import { NfsError, type NfsErrorCode } from './nfs-error.ts';

/** The status of a call that was carried out: NFS3_OK, MNT3_OK. */
export const statusOk = 0;

/** `nfsstat3` (RFC 1813, 2.6) of each error. */
const statuses: Record<FileSystemErrorCode | NfsErrorCode, number> = {
  'file-system/not-permitted': 1,
  'file-system/not-found': 2,
  'file-system/io': 5,
  'file-system/denied': 13,
  'file-system/exists': 17,
  'file-system/other-device': 18,
  'file-system/not-a-directory': 20,
  'file-system/is-a-directory': 21,
  'file-system/invalid': 22,
  'file-system/file-too-large': 27,
  'file-system/full': 28,
  'file-system/read-only': 30,
  'file-system/too-many-links': 31,
  'file-system/name-too-long': 63,
  'file-system/not-empty': 66,
  'file-system/stale': 70,
  'file-system/not-in-step': 10002,
  'nfs/export-gone': 70,
  'nfs/bad-handle': 10001,
  'nfs/bad-cookie': 10003,
  'nfs/too-small': 10005,
  'nfs/fault': 10006,
  'nfs/record-refused': 10006,
  'nfs/malformed': 22,
  'nfs/bad-type': 10007,
  'nfs/busy': 10008,
};

/** The status that tells a client of `error`; undefined for what is no answer, but a fault of ours. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof FileSystemError || error instanceof NfsError) return statuses[error.code];
  return undefined;
}

/** The status of one error. */
export function statusOfCode(code: FileSystemErrorCode | NfsErrorCode): number {
  return statuses[code];
}
