import { randomBytes } from 'node:crypto';
import { link, rm, writeFile } from 'node:fs/promises';

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
 * content, but on file systems without hard links.
 */
export async function createExclusively(path: string, content: string): Promise<boolean> {
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
    throw error;
  }
}

/** A name beside `path` that nobody else has. */
export function besides(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}`;
}
