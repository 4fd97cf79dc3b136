import { type GitContext, GitDialogue } from './git-process.ts';

const lineFeed = 0x0a;

/** The objects of a repository, read through git. */
export class GitObjects {
  readonly #contents: GitDialogue;
  readonly #headers: GitDialogue;

  constructor(context: GitContext) {
    this.#contents = new GitDialogue(context, ['cat-file', '--batch']);
    this.#headers = new GitDialogue(context, ['cat-file', '--batch-check']);
  }

  /** The content of an object; throws if the repository does not have it. */
  async read(id: string): Promise<Buffer> {
    const answer = await this.#contents.ask(`${id}\n`, (received) => {
      const headerEnd = received.indexOf(lineFeed);
      if (headerEnd < 0) return undefined;
      const size = sizeIn(received, headerEnd);
      return size === undefined ? headerEnd + 1 : headerEnd + 1 + size + 1;
    });
    const headerEnd = answer.indexOf(lineFeed);
    if (sizeIn(answer, headerEnd) === undefined) throw new Error(`The repository lacks the object ${id}.`);
    return answer.subarray(headerEnd + 1, -1);
  }

  /** The size of an object in bytes. */
  async size(id: string): Promise<number> {
    const answer = await this.#headers.ask(`${id}\n`, (received) => {
      const end = received.indexOf(lineFeed);
      return end < 0 ? undefined : end + 1;
    });
    const size = sizeIn(answer, answer.length - 1);
    if (size === undefined) throw new Error(`The repository lacks the object ${id}.`);
    return size;
  }

  /** The tree and the parents of a commit. */
  async commit(id: string): Promise<{ readonly tree: string; readonly parents: readonly string[] }> {
    const header = (await this.read(id)).toString('latin1').split('\n\n', 1)[0]!;
    const fields = header.split('\n').map((line) => line.split(' '));
    const valuesOf = (name: string) => fields.filter(([field]) => field === name).map(([, value]) => value!);
    const [tree] = valuesOf('tree');
    if (tree === undefined) throw new Error(`${id} is not a commit.`);
    return { tree, parents: valuesOf('parent') };
  }

  close(): void {
    this.#contents.close();
    this.#headers.close();
  }
}

/** The size in a header `id type size`; undefined for `id missing`. */
function sizeIn(answer: Buffer, headerEnd: number): number | undefined {
  const [, , size] = answer.toString('latin1', 0, headerEnd).split(' ');
  return size === undefined ? undefined : Number(size);
}
