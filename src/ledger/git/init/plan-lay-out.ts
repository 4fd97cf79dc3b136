import { gitMode } from '../../../git/git-tree.ts';
import { type FileName, joinPath, type TreePath } from '../../../tree/path.ts';
import { GitLedgerError } from '../git-ledger-error.ts';
import { type GitLedgerLayout, stateFolders } from '../layout.ts';
import { type AuthorityChoice, authorityText, isSameAuthority, parseSettings } from '../settings.ts';
import { missingIgnoreLines, withIgnoreLines } from './ignore-lines.ts';
import type { MainTree } from './main-tree.ts';
import { contentFor, isEarlier, type SkeletonFile } from './skeleton-file.ts';

/**
 * What becomes of a file: `keep` is one that somebody has edited. Files that are as they should be are none of the steps.
 */
export type LayOutStep =
  | {
      readonly action: 'create' | 'update';
      readonly path: TreePath;
      readonly mode: number;
      readonly content: Buffer;
    }
  | { readonly action: 'keep'; readonly path: TreePath };

export interface LayOutPlanRequest {
  readonly layout: GitLedgerLayout;
  readonly skeleton: readonly SkeletonFile[];
  /** Whom the settings are to name in place of whom they name now; undefined leaves that as it is. */
  readonly authority: {
    readonly from: AuthorityChoice | undefined;
    readonly to: AuthorityChoice | undefined;
  };
  /** The text of a `.gitignore` that main has not, but a checkout of it: it is its user's to commit. */
  readonly uncommittedIgnore: string | undefined;
}

export interface LayOutPlan {
  /** In the order of their paths. */
  readonly steps: readonly LayOutStep[];
  /** Lines that a `.gitignore` lacks which is not ours to commit. */
  readonly ignoreLines: readonly string[];
}

const keeper = '.gitkeep' as FileName;
export const ignoreFile = '.gitignore' as TreePath;

/**
 * Plans what main needs to have sessions. What is there stays, unless it is an earlier version of ours that nobody has
 * edited. Throws `ledger/in-the-way`, `ledger/in-use` and `ledger/settings-invalid`.
 */
export async function planLayOut(tree: MainTree, request: LayOutPlanRequest): Promise<LayOutPlan> {
  const { layout, skeleton } = request;
  const found: (LayOutStep | undefined)[] = [];
  for (const file of skeleton) found.push(await skeletonStep(tree, layout, file));
  if ((await tree.file(layout.lock)) === undefined) found.push(created(layout.lock, ''));
  for (const folder of [...stateFolders.map((state) => layout.folder(state)), learningsOf(layout)]) {
    if (!(await tree.hasDirectory(folder))) found.push(created(joinPath(folder, keeper), ''));
  }
  found.push(await settingsStep(tree, request));
  const ignore = await ignoreStep(tree, request);
  found.push(ignore.step);
  const steps = found.filter((step) => step !== undefined);
  return { steps: steps.sort((a, b) => (a.path < b.path ? -1 : 1)), ignoreLines: ignore.lines };
}

async function skeletonStep(
  tree: MainTree,
  { root }: GitLedgerLayout,
  file: SkeletonFile,
): Promise<LayOutStep | undefined> {
  const { mode } = file;
  const path = `${root}/${file.path}` as TreePath;
  const content = contentFor(file, root);
  const before = await tree.file(path);
  if (before === undefined) return { action: 'create', path, mode, content };
  if (before.equals(content)) return undefined;
  return isEarlier(file, root, before) ? { action: 'update', path, mode, content } : { action: 'keep', path };
}

async function settingsStep(
  tree: MainTree,
  { layout, authority }: LayOutPlanRequest,
): Promise<LayOutStep | undefined> {
  const path = layout.settings;
  const before = await tree.file(path);
  const settings = parseSettings(before, path);
  const { from, to } = authority;
  if (to === undefined || isSameAuthority(settings.authority, to))
    return before === undefined ? created(path, '{}\n') : undefined;
  if (!isSameAuthority(settings.authority, from)) {
    throw new GitLedgerError(
      'ledger/in-use',
      `Somebody else has just changed who decides about the sessions ("authority" in ${path} on main). Nothing was changed now. Do it again.`,
    );
  }
  const others = before && (JSON.parse(before.toString('utf8')) as object);
  const named = { ...others, authority: authorityText(to) };
  const content = Buffer.from(`${JSON.stringify(named, undefined, 2)}\n`);
  return { action: before === undefined ? 'create' : 'update', path, mode: gitMode.file, content };
}

async function ignoreStep(
  tree: MainTree,
  { uncommittedIgnore }: LayOutPlanRequest,
): Promise<{ readonly step: LayOutStep | undefined; readonly lines: readonly string[] }> {
  const before = await tree.file(ignoreFile);
  if (before === undefined && uncommittedIgnore !== undefined)
    return { step: undefined, lines: missingIgnoreLines(uncommittedIgnore) };
  const text = before?.toString('latin1') ?? '';
  const missing = missingIgnoreLines(text);
  if (missing.length === 0) return { step: undefined, lines: [] };
  const content = Buffer.from(withIgnoreLines(text, missing), 'latin1');
  const action = before === undefined ? 'create' : 'update';
  return { step: { action, path: ignoreFile, mode: gitMode.file, content }, lines: [] };
}

/** Where sessions write what they have learned. */
function learningsOf({ root }: GitLedgerLayout): TreePath {
  return `${root}/knowledge/sessions` as TreePath;
}

function created(path: TreePath, text: string): LayOutStep {
  return { action: 'create', path, mode: gitMode.file, content: Buffer.from(text) };
}
