import { link, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ancestorsOf, type TreePath } from '../tree/path.ts';
import { gitContentMerge, type PathPlan, planPath, type Stages } from './checkout-merge.ts';
import { changesBetween, checkoutArguments, diskPath, readDisk, readIndex } from './checkout-state.ts';
import type { Checkout } from './checkouts.ts';
import { besides } from './exclusive-file.ts';
import { naming } from './git-error.ts';
import type { GitContent } from './git-tree-edit.ts';
import { emptyTreeOf, idBytesOf, type ObjectId } from './object-id.ts';

/** Files of a checkout that somebody had edited where something came. */
export interface EditedFiles {
  /** As they were: the index has their versions. */
  readonly conflicts: readonly TreePath[];
  /** With their edits, and what came. */
  readonly merged: readonly TreePath[];
}

const untouched: EditedFiles = { conflicts: [], merged: [] };

/** Beside the index; followed by what nobody else has. */
const draftName = 'index.micelio';

/**
 * Brings a checkout from the commit `from`, or the tree without entries, to the commit `to`: index and files, where
 * nobody has touched them. What was edited is merged; where that conflicts, the file stays and the index has its versions.
 * The paths of both are returned. The caller holds the lock of the index. May be called again after it was killed
 * anywhere, with the same commits: what it has brought already would pass for edits on the way to another one.
 */
export function followCheckout(checkout: Checkout, from: ObjectId, to: ObjectId): Promise<EditedFiles> {
  return naming(`bring the checkout in "${checkout.directory}" along`, () => follow(checkout, from, to));
}

async function follow(checkout: Checkout, from: ObjectId, to: ObjectId): Promise<EditedFiles> {
  const index = join(checkout.gitDirectory, 'index');
  // Who had the lock of the index before and was killed has left what it worked with.
  for (const name of await readdir(checkout.gitDirectory)) {
    if (name.startsWith(draftName)) await rm(join(checkout.gitDirectory, name), { force: true });
  }
  const draft = besides(join(checkout.gitDirectory, draftName));
  try {
    // A link and no copy: git compares the times of files with that of the index.
    await link(index, draft);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Nothing was ever checked out here: because somebody wants it so, or because there was nothing.
    if (from !== emptyTreeOf[checkout.repository.objectFormat]) return untouched;
    await checkout.repository.git.run(checkoutArguments(checkout, ['read-tree', '--empty']), {
      indexFile: draft,
    });
  }
  try {
    const edited = (await updateUntouched(checkout, draft, from, to))
      ? untouched
      : await updateTouched(checkout, draft, from, to);
    await rename(draft, index);
    return edited;
  } finally {
    await rm(draft, { force: true });
    await rm(`${draft}.lock`, { force: true });
  }
}

/** Lets git do it, which does all or nothing where something is in the way. */
async function updateUntouched(
  checkout: Checkout,
  indexFile: string,
  from: ObjectId,
  to: ObjectId,
): Promise<boolean> {
  const command = checkoutArguments(checkout, ['read-tree', '-m', '-u', from, to]);
  const { exitCode } = await checkout.repository.git.attempt(command, { indexFile });
  return exitCode === 0;
}

async function updateTouched(
  checkout: Checkout,
  indexFile: string,
  from: ObjectId,
  to: ObjectId,
): Promise<EditedFiles> {
  const changes = await changesBetween(checkout, from, to);
  const paths = new Set(changes.map(({ path }) => path));
  const inIndex = await readIndex(checkout, indexFile, paths);
  const onDisk = await readDisk(checkout, paths);
  const merge = gitContentMerge(checkout, checkout.gitDirectory);
  const plans: PathPlan[] = [];
  for (const change of changes) {
    const index = inIndex.get(change.path) ?? { kind: 'nothing' as const };
    plans.push(await planPath(change, { index, disk: onDisk.get(change.path)! }, merge));
  }
  for (const { path, disk } of plans) if (disk === 'nothing') await removeFile(checkout, path);
  await writeIndex(checkout, indexFile, plans);
  await writeFiles(checkout, indexFile, plans);
  return {
    conflicts: plans.filter(({ isConflict }) => isConflict).map(({ path }) => path),
    merged: plans.filter(({ isMerged }) => isMerged).map(({ path }) => path),
  };
}

/** Removes a file, and the directories above it that it leaves empty. */
async function removeFile(checkout: Checkout, path: TreePath): Promise<void> {
  await rm(diskPath(checkout, path), { force: true });
  for (const ancestor of ancestorsOf(path)) {
    try {
      await rmdir(diskPath(checkout, ancestor));
    } catch {
      // Not empty: others are at home there.
      return;
    }
  }
}

async function writeIndex(checkout: Checkout, indexFile: string, plans: readonly PathPlan[]): Promise<void> {
  const lines = plans.flatMap(({ path, index }) =>
    index === undefined ? [] : indexLines(checkout, path, index),
  );
  await updateIndex(checkout, indexFile, lines);
}

function indexLines(
  { repository }: Checkout,
  path: TreePath,
  index: GitContent | 'nothing' | Stages,
): readonly string[] {
  const gone = `0 ${'0'.repeat(idBytesOf[repository.objectFormat] * 2)}\t${path}`;
  const line = ({ mode, id }: GitContent, stage: number) => `${mode.toString(8)} ${id} ${stage}\t${path}`;
  if (index === 'nothing') return [gone];
  if ('id' in index) return [line(index, 0)];
  const stages = [index.base, index.ours, index.theirs];
  return [gone, ...stages.flatMap((content, i) => (content === undefined ? [] : [line(content, i + 1)]))];
}

async function updateIndex(checkout: Checkout, indexFile: string, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  const input = Buffer.from(lines.map((line) => `${line}\0`).join(''), 'latin1');
  const command = checkoutArguments(checkout, ['update-index', '-z', '--index-info']);
  await checkout.repository.git.run(command, { indexFile, input });
}

/** Writes the files as git checks them out. What differs from the index comes from an index of its own. */
async function writeFiles(checkout: Checkout, indexFile: string, plans: readonly PathPlan[]): Promise<void> {
  const asInIndex: TreePath[] = [];
  const others: PathPlan[] = [];
  for (const plan of plans) {
    if (plan.disk === undefined || plan.disk === 'nothing') continue;
    const { index } = plan;
    const isInIndex = typeof index === 'object' && 'id' in index && index.id === plan.disk.id;
    if (isInIndex) asInIndex.push(plan.path);
    else others.push(plan);
  }
  await checkOut(checkout, indexFile, asInIndex);
  if (others.length === 0) return;
  const besides = `${indexFile}-files`;
  try {
    const lines = others.flatMap(({ path, disk }) => indexLines(checkout, path, disk!));
    await updateIndex(checkout, besides, lines);
    await checkOut(
      checkout,
      besides,
      others.map(({ path }) => path),
    );
  } finally {
    await rm(besides, { force: true });
    await rm(`${besides}.lock`, { force: true });
  }
}

async function checkOut(checkout: Checkout, indexFile: string, paths: readonly TreePath[]): Promise<void> {
  if (paths.length === 0) return;
  const input = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
  const command = checkoutArguments(checkout, ['checkout-index', '--force', '-u', '-z', '--stdin']);
  await checkout.repository.git.run(command, { indexFile, input });
}
