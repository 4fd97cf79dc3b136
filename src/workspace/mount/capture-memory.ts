import * as v from 'valibot';
import { rootPath, type TreePath } from '../../tree/path.ts';
import type { Volume } from '../../vfs/volume.ts';
import { type LeftBehind, type LeftBehindKind, leftBehind, leftBehindKinds } from '../left-behind.ts';

const setting = 'capture';

const schema = v.object({
  leftBehind: v.array(v.tuple([v.string(), v.picklist(leftBehindKinds)])),
  unseenRules: v.array(v.string()),
});

/**
 * What a capture has seen that is in no tree, for the next one, which does not look at directories that did not change:
 * what was left behind, and directories with a `.gitignore` of which the recorded tree does not tell whether it changed: it is
 * itself ignored, or came with the tree.
 */
export class CaptureMemory {
  readonly #leftBehind: Map<TreePath, LeftBehindKind>;
  readonly #unseenRules: Set<TreePath>;

  private constructor(leftBehindPaths: Map<TreePath, LeftBehindKind>, unseenRules: Set<TreePath>) {
    this.#leftBehind = leftBehindPaths;
    this.#unseenRules = unseenRules;
  }

  static read({ overlay }: Volume): CaptureMemory {
    const text = overlay.setting(setting);
    if (text == null) return new CaptureMemory(new Map(), new Set());
    const { leftBehind: left, unseenRules } = v.parse(schema, JSON.parse(String(text)));
    return new CaptureMemory(
      new Map(left.map(([path, kind]) => [path as TreePath, kind])),
      new Set(unseenRules as TreePath[]),
    );
  }

  write({ overlay }: Volume): void {
    const value = { leftBehind: [...this.#leftBehind], unseenRules: [...this.#unseenRules] };
    overlay.putSetting(setting, JSON.stringify(value));
  }

  hasUnseenRules(directory: TreePath): boolean {
    return this.#unseenRules.has(directory);
  }

  addUnseenRules(directory: TreePath): void {
    this.#unseenRules.add(directory);
  }

  addLeftBehind(path: TreePath, kind: LeftBehindKind): void {
    this.#leftBehind.set(path, kind);
  }

  /** Forgets what it knew of `directory`, which is being looked at, but for what is below the named directories in it. */
  forgetIn(directory: TreePath, directories: ReadonlySet<string>): void {
    const start = directory === rootPath ? 0 : directory.length + 1;
    const isForgotten = (path: TreePath): boolean => {
      if (directory !== rootPath && !path.startsWith(`${directory}/`)) return false;
      const end = path.indexOf('/', start);
      return end < 0 || !directories.has(path.slice(start, end));
    };
    this.#unseenRules.delete(directory);
    for (const path of this.#unseenRules) {
      const isBelow = path !== rootPath && path !== directory;
      if (isBelow && isForgotten(`${path}/` as TreePath)) this.#unseenRules.delete(path);
    }
    for (const path of this.#leftBehind.keys()) if (isForgotten(path)) this.#leftBehind.delete(path);
  }

  /** Forgets what it knew of all below `directory`, which is gone or no longer looked at. */
  forgetBelow(directory: TreePath): void {
    const below = `${directory}/`;
    const isBelow = (path: TreePath): boolean => path === directory || path.startsWith(below);
    for (const path of this.#unseenRules) if (isBelow(path)) this.#unseenRules.delete(path);
    for (const path of this.#leftBehind.keys()) if (isBelow(path)) this.#leftBehind.delete(path);
  }

  /** What no tree holds, in the order of the paths. */
  leftBehind(): LeftBehind[] {
    return [...this.#leftBehind]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, kind]) => leftBehind(path, kind));
  }
}
