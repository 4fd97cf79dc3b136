import { createHash } from 'node:crypto';
import { type Attributes, type Cookie, listingStart } from '../file-system.ts';
import { superuser } from '../fixtures.ts';
import { resident } from '../resident.ts';
import type { SessionFileSystem } from '../session-file-system.ts';

/** Of a larger file, which is mostly a hole, only the beginning is looked at. */
const contentBytesMax = 4 * 1024 * 1024;

/** For tests: a file as it is at one moment. */
export interface PortraitFile {
  readonly attributes: Attributes;
  readonly cookie: Cookie;
  readonly content: Buffer;
}

/** For tests: all that there is in a session, by path. */
export type Portrait = ReadonlyMap<string, PortraitFile>;

export async function portraitOf(session: SessionFileSystem): Promise<Portrait> {
  const portrait = new Map<string, PortraitFile>();
  await addDirectory(session, session.attributes(session.root), '', portrait);
  return portrait;
}

async function addDirectory(
  session: SessionFileSystem,
  directory: Attributes,
  path: string,
  portrait: Map<string, PortraitFile>,
): Promise<void> {
  let listed: [name: string, cookie: Cookie, attributes: Attributes][] = [];
  await resident(() => {
    listed = [];
    session.list(superuser, directory.inode, listingStart, ({ name, cookie, attributes }) => {
      listed.push([name, cookie, attributes]);
      return true;
    });
  });
  for (const [name, cookie, attributes] of listed) {
    if (name === '.' || name === '..') continue;
    const below = path === '' ? name : `${path}/${name}`;
    portrait.set(below, { attributes, cookie, content: await contentOf(session, attributes) });
    if (attributes.type === 'directory') await addDirectory(session, attributes, below, portrait);
  }
}

async function contentOf(session: SessionFileSystem, { inode, type, size }: Attributes): Promise<Buffer> {
  if (type === 'symlink') return Buffer.from(await resident(() => session.readLink(inode)));
  if (type !== 'file') return Buffer.alloc(0);
  const { pieces } = await resident(() => session.read(superuser, inode, 0, Math.min(size, contentBytesMax)));
  return Buffer.concat(pieces);
}

/** For tests: what can be compared of a portrait, a line a file; without `numbers`, only what programs care about. */
export function linesOf(portrait: Portrait, numbers: 'with numbers' | 'without numbers'): string[] {
  return Array.from(portrait, ([path, { attributes, cookie, content }]) => {
    const { inode, type, mode, links, uid, gid, size, used, accessed, modified, changed } = attributes;
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
    const line = `${path}: ${type} ${mode.toString(8)} ${links} ${uid} ${gid} ${size} ${hash}`;
    return numbers === 'with numbers'
      ? `${line} ${inode} ${cookie} ${used} ${JSON.stringify([accessed, modified, changed])}`
      : line;
  }).sort();
}
