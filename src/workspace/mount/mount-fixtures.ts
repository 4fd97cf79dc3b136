import type { TestContext } from 'node:test';
import type { Hash } from '../../base/hash.ts';
import { systemRandom } from '../../base/random.ts';
import { type FileName, textFromPath } from '../../tree/path.ts';
import { ContentCache } from '../../vfs/content-cache.ts';
import { type Caller, listingStart } from '../../vfs/file-system.ts';
import type { Inode } from '../../vfs/inode.ts';
import { listNames } from '../../vfs/operations/list.ts';
import { resident } from '../../vfs/resident.ts';
import { openSessionFileSystem, type SessionFileSystem } from '../../vfs/session-file-system.ts';
import { temporaryDirectory } from '../fixtures.ts';
import type { ProjectContent } from '../project-content.ts';

const superuser: Caller = { uid: 0, gid: 0, groups: [] };

/** For tests: the file system of a session on `tree`, kept in `directory`. */
export function fileSystemOn(
  { blobs, nodes }: ProjectContent,
  base: Hash,
  directory: string,
): Promise<SessionFileSystem> {
  return openSessionFileSystem({
    directory,
    content: new ContentCache(blobs, nodes),
    base,
    owner: { uid: 0, gid: 0, time: { seconds: 1_700_000_000, nanoseconds: 0 } },
    clock: { now: () => Date.now() },
    random: systemRandom,
    boot: 'test',
  });
}

/** For tests: the files of a session, by path. Calls throw as `FileSystem` does. */
export class PathFiles {
  readonly fileSystem: SessionFileSystem;

  constructor(fileSystem: SessionFileSystem) {
    this.fileSystem = fileSystem;
  }

  static async on(context: TestContext, content: ProjectContent, tree: Hash): Promise<PathFiles> {
    return new PathFiles(await fileSystemOn(content, tree, temporaryDirectory(context)));
  }

  async write(path: string, text: string): Promise<void> {
    const { directory, name } = await this.#parent(path);
    const how = { how: 'unchecked', attributes: { size: 0, mode: 0o644 } } as const;
    const fs = this.fileSystem;
    const { inode } = await resident(() => fs.create(superuser, directory, name, how));
    await resident(() => fs.write(superuser, inode, 0, [Buffer.from(text, 'latin1')]));
  }

  async makeDirectories(path: string): Promise<void> {
    const fs = this.fileSystem;
    let at = fs.root;
    for (const name of path === '' ? [] : path.split('/')) {
      const directory = at;
      const found = await resident(() => fs.volume.find(fs.volume.inode(directory), name));
      if (found === undefined) {
        const made = await resident(() => fs.makeDirectory(superuser, directory, name, { mode: 0o755 }));
        at = made.inode;
      } else at = (await resident(() => fs.lookup(superuser, found, '.'))).inode;
    }
  }

  async removeAll(path: string): Promise<void> {
    const { directory, name } = await this.#parent(path);
    await this.#removeAll(directory, name);
  }

  async rename(from: string, to: string): Promise<void> {
    const source = await this.#parent(from);
    const target = await this.#parent(to);
    const fs = this.fileSystem;
    await resident(() => fs.rename(superuser, source.directory, source.name, target.directory, target.name));
  }

  async symlink(path: string, target: string): Promise<void> {
    const { directory, name } = await this.#parent(path);
    const fs = this.fileSystem;
    await resident(() => fs.makeSymlink(superuser, directory, name, Buffer.from(target), {}));
  }

  async link(path: string, to: string): Promise<void> {
    const { inode } = await this.#inode(path);
    const { directory, name } = await this.#parent(to);
    await resident(() => this.fileSystem.link(superuser, inode, directory, name));
  }

  async fifo(path: string): Promise<void> {
    const { directory, name } = await this.#parent(path);
    const fs = this.fileSystem;
    await resident(() => fs.makeSpecial(superuser, directory, name, { type: 'fifo' }, {}));
  }

  async chmod(path: string, mode: number): Promise<void> {
    const { inode } = await this.#inode(path);
    await resident(() => this.fileSystem.setAttributes(superuser, inode, { mode }));
  }

  /** Each path with what it is, as `onDisk` in the checkout's tests has it. */
  async described(): Promise<Record<string, string>> {
    const result: Record<string, string> = {};
    await this.#describe(
      await resident(() => this.fileSystem.volume.inode(this.fileSystem.root)),
      '',
      result,
    );
    return result;
  }

  async #describe(directory: Inode, below: string, result: Record<string, string>): Promise<void> {
    const { volume } = this.fileSystem;
    for (const [name, inode] of await this.#children(directory)) {
      const path = below === '' ? textFromPath(name) : `${below}/${textFromPath(name)}`;
      const mode = (inode.mode & 0o777).toString(8);
      const bytes = async () =>
        Buffer.concat((await resident(() => volume.data.read(inode, 0, inode.size))).pieces).toString(
          'latin1',
        );
      if (inode.type === 'directory') {
        result[path] = `${mode}/`;
        await this.#describe(inode, path, result);
      } else if (inode.type === 'symlink') result[path] = `-> ${await bytes()}`;
      else if (inode.type === 'file') result[path] = `${mode} ${await bytes()}`;
      else result[path] = inode.type;
    }
  }

  async #children(directory: Inode): Promise<Map<FileName, Inode>> {
    return resident(() => {
      const children = new Map<FileName, Inode>();
      listNames(this.fileSystem.volume, directory, listingStart, (name, inode) => {
        children.set(name, inode);
        return true;
      });
      return new Map([...children].sort(([a], [b]) => (a < b ? -1 : 1)));
    });
  }

  async #removeAll(directory: Inode['inode'], name: string): Promise<void> {
    const fs = this.fileSystem;
    const inode = await resident(() => fs.volume.inode(fs.lookup(superuser, directory, name).inode));
    if (inode.type !== 'directory') return resident(() => fs.remove(superuser, directory, name));
    for (const below of (await this.#children(inode)).keys()) await this.#removeAll(inode.inode, below);
    return resident(() => fs.removeDirectory(superuser, directory, name));
  }

  async #parent(path: string): Promise<{ directory: Inode['inode']; name: string }> {
    const slash = path.lastIndexOf('/');
    const { inode } = await this.#inode(path.slice(0, Math.max(slash, 0)));
    return { directory: inode, name: path.slice(slash + 1) };
  }

  async #inode(path: string): Promise<Inode> {
    const fs = this.fileSystem;
    let at = fs.root;
    for (const name of path === '' ? [] : path.split('/')) {
      const directory = at;
      at = (await resident(() => fs.lookup(superuser, directory, name))).inode;
    }
    return resident(() => fs.volume.inode(at));
  }
}
