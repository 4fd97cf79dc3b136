import type { TextDriver } from '../../src/merge/merge-port.ts';
import type { TreePath } from '../../src/tree/path.ts';
import { type GitContext, GitDialogue } from './git-process.ts';

/** How the repository's attributes say that the text of a path is merged, as `git merge-tree` reads them too. */
export class TextDrivers {
  readonly #attributes: GitDialogue;
  readonly #known = new Map<TreePath, Promise<TextDriver>>();

  constructor(context: GitContext) {
    this.#attributes = new GitDialogue(context, ['check-attr', '-z', '--stdin', 'merge']);
  }

  driverOf(path: TreePath): Promise<TextDriver> {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const driver = this.#ask(path);
    this.#known.set(path, driver);
    return driver;
  }

  close(): void {
    this.#attributes.close();
  }

  async #ask(path: TreePath): Promise<TextDriver> {
    const answer = await this.#attributes.ask(Buffer.from(`${path}\0`, 'latin1'), (received) => {
      let end = -1;
      for (let field = 0; field < 3; field++) {
        end = received.indexOf(0, end + 1);
        if (end < 0) return undefined;
      }
      return end + 1;
    });
    const value = answer.toString('latin1').split('\0')[2];
    if (value === 'unset' || value === 'binary') return 'binary';
    return value === 'union' ? 'union' : 'text';
  }
}
