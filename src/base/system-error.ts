import { MicelioError } from './error.ts';

/** The operating system's name for what went wrong (`ENOENT`); undefined for an error that did not come from it. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error instanceof MicelioError) return undefined;
  // Node's own complaints (`ERR_OUT_OF_RANGE`) are about the call, not about the disk.
  return typeof error.code === 'string' && !error.code.startsWith('ERR_') ? error.code : undefined;
}

/** True when there is nothing under a path: no such name, or one of its folders is a file. */
export function isAbsent(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** What an error of the operating system comes to. */
export interface SystemTrouble {
  readonly kind: 'full' | 'denied' | 'failed';
  /** What is wrong, and what to do about it: two sentences without the full stop at their end. */
  readonly words: string;
}

/** What an error of the operating system comes to for people; undefined for one that did not come from it. */
export function systemTrouble(error: unknown): SystemTrouble | undefined {
  const code = systemCode(error);
  return code === undefined ? undefined : troubleOf(code);
}

/** How programs that report an error of the operating system in English end the line that does. */
const spoken: readonly (readonly [RegExp, string])[] = [
  [/: No space left on device$/m, 'ENOSPC'],
  [/: Disk quota exceeded$/m, 'EDQUOT'],
  [/: Permission denied$/m, 'EACCES'],
  [/: Operation not permitted$/m, 'EPERM'],
  [/: Read-only file system$/m, 'EROFS'],
];

/** The same of what a program has said, where that tells of a disk that is full or may not be written. */
export function spokenTrouble(words: string): SystemTrouble | undefined {
  const code = spoken.find(([pattern]) => pattern.test(words))?.[1];
  return code === undefined ? undefined : troubleOf(code);
}

function troubleOf(code: string): SystemTrouble {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return { kind: 'full', words: 'the disk is full. Free some space, then do it again' };
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return {
        kind: 'denied',
        words: `the operating system does not allow it (${code}). Check owner, permissions and how the disk is mounted, then do it again`,
      };
    default:
      return {
        kind: 'failed',
        words: `the operating system answered ${code}. See to the cause, then do it again`,
      };
  }
}
