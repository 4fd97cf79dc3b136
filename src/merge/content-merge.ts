import { assert } from '../base/error.ts';
import type { FileEntry } from '../tree/entry.ts';
import type { TreePath } from '../tree/path.ts';
import type { ConflictKind } from './conflict.ts';
import type { ConflictLabels } from './conflict-markers.ts';
import type { MergeHunk } from './merge-hunks.ts';
import type { MergePort } from './merge-port.ts';
import { contentName, type Leaf, type PerStage } from './stage.ts';
import { mergeText, type TextMerge, textBytesMax } from './text-merge.ts';

/** What a merge of two leaves of the same type comes to. `leaf` is kept, or proposed where there is a conflict. */
export type ContentMerge =
  | { readonly outcome: 'clean'; readonly leaf: Leaf }
  | {
      readonly outcome: 'conflict';
      readonly leaf: Leaf;
      readonly kind: ConflictKind;
      readonly hunks: readonly MergeHunk[];
    };

/** The versions to merge, and where each comes from. Both sides are there and of one type. */
export interface ContentVersions {
  readonly path: TreePath;
  readonly leaves: { readonly base: Leaf | undefined; readonly ours: Leaf; readonly theirs: Leaf };
  readonly origins: PerStage<TreePath>;
}

export interface ContentMergeOptions {
  readonly port: MergePort;
  /** What stands behind conflict markers, as byte strings. */
  readonly labels: ConflictLabels;
  /** Added to the length of markers, where the result may be merged once more. */
  readonly extraMarkerLength?: number;
}

/** Merges permissions and content. Symlinks and submodules that both sides changed are not merged. */
export async function mergeContent(
  versions: ContentVersions,
  options: ContentMergeOptions,
): Promise<ContentMerge> {
  const { base, ours, theirs } = versions.leaves;
  const kept = contentToKeep(base, ours, theirs);
  if (ours.type === 'file' && theirs.type === 'file') {
    const permissions = mergePermissions(base?.type === 'file' ? base : undefined, ours, theirs);
    const content: ContentMerge =
      kept === undefined
        ? await mergeFiles(versions, { ours, theirs }, options)
        : { outcome: 'clean', leaf: kept };
    assert(content.leaf.type === 'file', 'two files merged to something else');
    const leaf: FileEntry = { ...content.leaf, mode: permissions.mode };
    if (content.outcome === 'conflict') return { ...content, leaf };
    return permissions.agreed
      ? { outcome: 'clean', leaf }
      : { outcome: 'conflict', leaf, kind: 'mode', hunks: [] };
  }
  assert(ours.type === theirs.type, 'a merge of content needs two of the same type');
  if (kept !== undefined) return { outcome: 'clean', leaf: kept };
  const kind = ours.type === 'symlink' ? 'symlink' : 'submodule';
  return { outcome: 'conflict', leaf: ours, kind, hunks: [] };
}

/** The side whose content is the merged one, where the other side did not change it. */
function contentToKeep(base: Leaf | undefined, ours: Leaf, theirs: Leaf): Leaf | undefined {
  const baseName = base === undefined ? undefined : contentName(base);
  const oursName = contentName(ours);
  const theirsName = contentName(theirs);
  if (oursName === theirsName || oursName === baseName) return theirs;
  return theirsName === baseName ? ours : undefined;
}

function mergePermissions(
  base: FileEntry | undefined,
  ours: FileEntry,
  theirs: FileEntry,
): { readonly mode: number; readonly agreed: boolean } {
  if (ours.mode === theirs.mode || ours.mode === base?.mode) return { mode: theirs.mode, agreed: true };
  return { mode: ours.mode, agreed: theirs.mode === base?.mode };
}

async function mergeFiles(
  { path, leaves, origins }: ContentVersions,
  { ours, theirs }: { readonly ours: FileEntry; readonly theirs: FileEntry },
  { port, labels, extraMarkerLength = 0 }: ContentMergeOptions,
): Promise<ContentMerge> {
  const base = leaves.base?.type === 'file' ? leaves.base : undefined;
  const driver = (await port.textDriver?.(path)) ?? 'text';
  const tooLarge = [base, ours, theirs].some((file) => file !== undefined && file.size > textBytesMax);
  if (driver === 'binary') return { outcome: 'conflict', leaf: ours, kind: 'binary', hunks: [] };
  if (tooLarge) return { outcome: 'conflict', leaf: ours, kind: 'too-large', hunks: [] };
  const merged: TextMerge = mergeText(
    {
      base: base === undefined ? new Uint8Array() : await port.readFile(base),
      ours: await port.readFile(ours),
      theirs: await port.readFile(theirs),
    },
    {
      labels: labelsWithOrigins(labels, origins),
      markerLengthExtra: extraMarkerLength,
      onConflict: driver === 'union' ? 'union' : 'markers',
    },
  );
  if (merged.outcome === 'unmergeable') {
    return { outcome: 'conflict', leaf: ours, kind: merged.reason, hunks: [] };
  }
  const leaf: FileEntry = { ...ours, ...(await port.writeFile(merged.bytes)) };
  if (merged.outcome === 'clean') return { outcome: 'clean', leaf };
  return { outcome: 'conflict', leaf, kind: base === undefined ? 'add/add' : 'content', hunks: merged.hunks };
}

/** Where a rename is involved, the markers say which path each version has. */
function labelsWithOrigins(labels: ConflictLabels, origins: PerStage<TreePath>): ConflictLabels {
  if (origins.base === origins.ours && origins.ours === origins.theirs) return labels;
  return {
    base: `${labels.base}:${origins.base}`,
    ours: `${labels.ours}:${origins.ours}`,
    theirs: `${labels.theirs}:${origins.theirs}`,
  };
}
