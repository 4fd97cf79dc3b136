import type { Entry, FileEntry } from '../tree/entry.ts';
import { ancestorsOf, type FileName, joinPath, rootPath, type TreePath } from '../tree/path.ts';
import {
  type AttributeFile,
  type AttributeSetting,
  type AttributeState,
  parseAttributeFile,
} from './attribute-file.ts';
import type { TextDriver } from './merge-port.ts';

/** The tree whose attributes count. */
export interface AttributesPort {
  entry(path: TreePath): Promise<Entry | undefined>;
  /** The content of a file, whole. */
  readFile(file: FileEntry): Promise<Uint8Array>;
}

/** A larger attributes file is not read, in bytes. */
export const attributesBytesMax = 1024 * 1024;
/** Most lines of an attributes file that have to do with merging. */
export const attributeRulesMax = 10_000;

const fileName = '.gitattributes' as FileName;
/** `binary` is all that git defines by itself. */
const builtinMacros: AttributeFile['macros'] = new Map([
  ['binary', ['diff', 'merge', 'text'].map((name): AttributeSetting => ({ name, state: 'unset' }))],
]);

const nothing: AttributeFile = { rules: [], macros: builtinMacros };

/**
 * What the `.gitattributes` files of one tree say of `merge`: those at the root and in every directory on the way to a
 * file, where later lines and deeper files win. Each is read once, so this is made for one merge.
 */
export class TreeAttributes {
  readonly #port: AttributesPort;
  readonly #files = new Map<TreePath, Promise<AttributeFile | 'too large'>>();

  constructor(port: AttributesPort) {
    this.#port = port;
  }

  /**
   * How the text of the file at `path` is merged. Drivers that git would have to be told of in its configuration are
   * text, as they are for git without it. Below an attributes file that is too large nothing is merged by itself.
   */
  async textDriver(path: TreePath): Promise<TextDriver> {
    const known = new Map<string, AttributeState>();
    const macros = await this.#macros();
    for (const directory of [...ancestorsOf(path), rootPath]) {
      const file = await this.#fileIn(directory);
      if (file === 'too large') return 'binary';
      const name = directory === rootPath ? path : path.slice(directory.length + 1);
      for (let at = file.rules.length - 1; at >= 0 && !known.has('merge'); at--) {
        const { matches, settings } = file.rules[at]!;
        if (matches(name)) settle(known, settings, macros);
      }
    }
    return driverOf(known.get('merge'));
  }

  async #macros(): Promise<AttributeFile['macros']> {
    const root = await this.#fileIn(rootPath);
    return root === 'too large' ? builtinMacros : root.macros;
  }

  #fileIn(directory: TreePath): Promise<AttributeFile | 'too large'> {
    let file = this.#files.get(directory);
    if (file === undefined) {
      file = this.#read(directory);
      this.#files.set(directory, file);
    }
    return file;
  }

  async #read(directory: TreePath): Promise<AttributeFile | 'too large'> {
    // Git follows no symlink here.
    const entry = await this.#port.entry(joinPath(directory, fileName));
    if (entry?.type !== 'file') return nothing;
    if (entry.size > attributesBytesMax) return 'too large';
    const bytes = await this.#port.readFile(entry);
    const { rules, macros: own } = parseAttributeFile(bytes, directory === rootPath ? 'root' : 'below');
    const macros = directory === rootPath ? new Map([...builtinMacros, ...own]) : await this.#macros();
    const relevant = rules.filter(({ settings }) =>
      settings.some(({ name }) => name === 'merge' || macros.has(name)),
    );
    return relevant.length > attributeRulesMax ? 'too large' : { rules: relevant, macros };
  }
}

/** Takes in what is not known yet: the last setting counts, and a macro that is set stands for what is in it. */
function settle(
  known: Map<string, AttributeState>,
  settings: readonly AttributeSetting[],
  macros: AttributeFile['macros'],
): void {
  for (const { name, state } of settings.toReversed()) {
    if (known.has(name)) continue;
    known.set(name, state);
    const macro = macros.get(name);
    if (macro !== undefined && state === 'set') settle(known, macro, macros);
  }
}

function driverOf(state: AttributeState | undefined): TextDriver {
  if (state === 'unset') return 'binary';
  const value = typeof state === 'object' ? state.value : 'text';
  return value === 'binary' || value === 'union' ? value : 'text';
}
