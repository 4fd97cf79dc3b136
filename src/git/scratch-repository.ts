import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { BlobStore } from '../blob/blob-store.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { NodeStore } from '../tree/node-store.ts';
import type { Signature } from './commit-object.ts';
import { Git } from './git-process.ts';
import type { ObjectFormat, ObjectId } from './object-id.ts';
import { openRepository, type Repository } from './repository.ts';

/** For tests: the environment of this process without anyone's git configuration. */
export const scratchEnvironment = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_AUTHOR_DATE: '1700000000 +0130',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_COMMITTER_DATE: '1700000000 +0130',
};

export const ada: Signature = {
  name: 'Ada',
  email: 'ada@example.com',
  ms: 1_700_000_000_000,
  offsetMinutes: 90,
};

export const scratchGit = new Git(scratchEnvironment);

/** A file for a test's commit. `content` of a gitlink (160000) is the id it names. */
export interface ScratchFile {
  readonly mode: '100644' | '100755' | '120000' | '160000';
  readonly content: string | Buffer;
}

/** The paths are byte strings. */
export type ScratchFiles = ReadonlyMap<string, ScratchFile>;

/** For tests: a git repository in a temporary directory that goes when the test ends. */
export class ScratchRepository {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** `within` is a folder for it in its temporary directory, where something else is to lie beside it. */
  static create(
    t: TestContext,
    options: { bare?: boolean; format?: ObjectFormat; within?: string } = {},
  ): ScratchRepository {
    const { bare = true, format = 'sha1', within = '' } = options;
    const scratch = new ScratchRepository(join(temporaryDirectory(t), within));
    mkdirSync(scratch.directory, { recursive: true });
    scratch.git(['init', '--quiet', '-b', 'main', `--object-format=${format}`, ...(bare ? ['--bare'] : [])]);
    return scratch;
  }

  /** Runs git in the repository, and returns what it prints, trimmed. */
  git(args: readonly string[], input: string | Buffer = ''): string {
    return execFileSync('git', args, {
      cwd: this.directory,
      env: scratchEnvironment,
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
      encoding: 'latin1',
    }).trim();
  }

  open(): Promise<Repository> {
    return openRepository(scratchGit, this.directory);
  }

  /** Commits exactly `files` on top of `main`, and returns the commit. */
  commit(files: ScratchFiles): ObjectId {
    return this.commits([files])[0]!;
  }

  /** One commit after the other, each of exactly the files given. */
  commits(history: readonly ScratchFiles[]): ObjectId[] {
    const pieces: Buffer[] = [];
    const say = (text: string) => pieces.push(Buffer.from(text, 'latin1'));
    const hasMain = this.git(['for-each-ref', 'refs/heads/main']) !== '';
    history.forEach((files, index) => {
      say(`commit refs/heads/main\ncommitter Ada <ada@example.com> ${1_700_000_000 + index} +0000\ndata 0\n`);
      if (index === 0 && hasMain) say('from refs/heads/main^0\n');
      say('deleteall\n');
      for (const [path, { mode, content }] of files) {
        const bytes = Buffer.from(content);
        say(`M ${mode} ${mode === '160000' ? content : 'inline'} ${quoted(path)}\n`);
        if (mode === '160000') continue;
        say(`data ${bytes.length}\n`);
        pieces.push(bytes);
        say('\n');
      }
    });
    this.git(['fast-import', '--quiet'], Buffer.concat(pieces));
    const log = this.git(['rev-list', `--max-count=${history.length}`, 'main']);
    return log.split('\n').reverse() as ObjectId[];
  }

  /** Stores a blob. */
  blob(content: string | Buffer): ObjectId {
    return this.git(['hash-object', '-w', '--stdin'], Buffer.from(content)) as ObjectId;
  }

  /** Stores a tree object of exactly these bytes, however wrong they are. */
  literalTree(...entries: readonly (readonly [mode: string, name: string, id: string])[]): ObjectId {
    const bytes = entries.map(([mode, name, id]) =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`, 'latin1'), Buffer.from(id, 'hex')]),
    );
    const args = ['hash-object', '-w', '-t', 'tree', '--literally', '--stdin'];
    return this.git(args, Buffer.concat(bytes)) as ObjectId;
  }

  /** A commit of a tree, which no ref names. */
  commitOf(tree: ObjectId): ObjectId {
    return this.git(['commit-tree', '-m', 'scratch', tree]) as ObjectId;
  }

  treeOf(revision: string): ObjectId {
    return this.git(['rev-parse', `${revision}^{tree}`]) as ObjectId;
  }
}

/** A directory that goes when the test ends. */
export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-git-'));
  // A git in the background may just be writing a file.
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }));
  return directory;
}

/** An empty project's store in memory. */
export function memoryProject(): { blobs: BlobStore; nodes: NodeStore } {
  const blobs = new BlobStore(new MemoryStore(), 'projects/test');
  return { blobs, nodes: new NodeStore(blobs) };
}

export function file(content: string | Buffer, mode: ScratchFile['mode'] = '100644'): ScratchFile {
  return { mode, content };
}

/** A path as fast-import reads it: quoted, with every byte that is not plain as three octal digits. */
function quoted(path: string): string {
  const octal = (char: string) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`;
  return `"${path.replace(/[^A-Za-z0-9._/-]/g, octal)}"`;
}
