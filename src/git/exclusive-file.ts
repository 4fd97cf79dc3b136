import { randomBytes } from 'node:crypto';
import { link, rm, writeFile } from 'node:fs/promises';
import { naming } from './git-error.ts';

/** What a file system says that has no hard links. */
export const withoutLinks: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
]);

/**
 * Makes the file `path` with `content` if there is none; false where there is one. Nobody ever sees it without its
 * content, but on file systems without hard links. Throws `git/disk-full`, `git/denied` and `git/disk`.
 */
export function createExclusively(path: string, content: string): Promise<boolean> {
  return naming(`write "${path}"`, () => create(path, content));
}

async function create(path: string, content: string): Promise<boolean> {
  const draft = besides(path);
  try {
    await writeFile(draft, content);
    await link(draft, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!withoutLinks.has(code)) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // It was made, and is not whole.
    if (['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? ''))
      await rm(path, { force: true });
    throw error;
  }
}

/** A name beside `path` that nobody else has. */
export function besides(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}`;
}
