import { readWholeFile } from '../blob/file.ts';
import { DiffBudget } from '../merge/diff-cost.ts';
import { diffLines } from '../merge/line-diff.ts';
import { type Lines, LineTable, sliceLines } from '../merge/lines.ts';
import { type Entry, sameEntry } from '../tree/entry.ts';
import { lookup } from '../tree/lookup.ts';
import { pathFromShown, type TreePath, textFromPath } from '../tree/path.ts';
import type { SessionRecord } from './earlier-record.ts';
import type { Landing } from './head.ts';
import { PathFilter } from './path-filter.ts';
import type { ProjectContext } from './project.ts';
import { readRecord } from './record.ts';
import type { Session } from './session.ts';
import { SessionError } from './session-error.ts';

/** Where a file, or one of its lines, comes from. */
export interface Explanation {
  readonly landing: Landing;
  /** The file's path when it landed. */
  readonly path: TreePath;
  /** The line's number when it landed, from 1, and its text. */
  readonly line: { readonly number: number; readonly text: string } | undefined;
  /** The session that landed it, unless that was an import or an undo, or was forgotten since. */
  readonly session: Session | undefined;
  readonly record: SessionRecord | undefined;
}

interface Place {
  readonly path: TreePath;
  /** From 0; undefined asks for the file as a whole. */
  readonly line: number | undefined;
}

/**
 * Finds the landing that last changed a file of the head, or that wrote line `line` (from 1) of it. Landings that, by
 * their path filter, did not touch the file cost one small read each. Throws `session/file-unknown` when there is no such
 * file or line.
 */
export async function explain(project: ProjectContext, path: TreePath, line?: number): Promise<Explanation> {
  const { head } = await project.ledger.readHead();
  const entry = await lookup(project.nodes, head.tree, path);
  const text = await requireLine(project, path, entry, line);
  let place: Place = { path, line: line === undefined ? undefined : line - 1 };
  for (let sequence = head.sequence; sequence > 0; sequence--) {
    const landing = await project.ledger.readLanding(sequence);
    if (!PathFilter.decode(landing.paths).mayHaveChanged(place.path)) continue;
    const earlier = await placeBefore(project, landing, place);
    if (earlier === undefined) return explanation(project, landing, place, text);
    place = earlier;
  }
  throw new SessionError(
    'session/file-unknown',
    `"${textFromPath(path)}" is older than the first landing of ${project.name}: nothing is known of it.`,
  );
}

/** Where the place was before the landing; undefined when the landing made it. */
async function placeBefore(
  project: ProjectContext,
  landing: Landing,
  place: Place,
): Promise<Place | undefined> {
  const after = await lookup(project.nodes, landing.tree, place.path);
  const path = renamedFrom(landing, place.path) ?? place.path;
  const before = await lookup(project.nodes, landing.before, path);
  if (sameEntry(before, after))
    return path === place.path || place.line !== undefined ? { ...place, path } : undefined;
  if (place.line === undefined || before?.type !== 'file' || after?.type !== 'file') return undefined;
  const table = new LineTable();
  const old = table.cut(await readWholeFile(project.blobs, before));
  const young = table.cut(await readWholeFile(project.blobs, after));
  const line = lineBefore(old, young, place.line);
  return line === undefined ? undefined : { path, line };
}

/** The number, from 0, that line `line` had before; undefined when it is new. */
function lineBefore(old: Lines, young: Lines, line: number): number | undefined {
  let shift = 0;
  for (const change of diffLines(old.ids, young.ids, new DiffBudget())) {
    if (line < change.newStart) break;
    if (line < change.newStart + change.newCount) return undefined;
    shift += change.oldCount - change.newCount;
  }
  return line + shift;
}

function renamedFrom(landing: Landing, path: TreePath): TreePath | undefined {
  const name = textFromPath(path);
  const rename = landing.changes.find((change) => change.kind === 'renamed' && change.path === name);
  return rename?.from === undefined ? undefined : pathFromShown(rename.from);
}

async function requireLine(
  project: ProjectContext,
  path: TreePath,
  entry: Entry | undefined,
  line: number | undefined,
): Promise<string> {
  if (entry === undefined || entry.type === 'directory') {
    throw new SessionError(
      'session/file-unknown',
      `The head of ${project.name} has no file "${textFromPath(path)}". Give its path from the top of the project.`,
    );
  }
  if (line === undefined || entry.type !== 'file') return '';
  const lines = new LineTable().cut(await readWholeFile(project.blobs, entry));
  if (!Number.isInteger(line) || line < 1 || line > lines.ids.length) {
    throw new SessionError(
      'session/file-unknown',
      `"${textFromPath(path)}" has ${lines.ids.length} lines: there is no line ${line}.`,
    );
  }
  return Buffer.from(sliceLines(lines, line - 1, line))
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

async function explanation(
  project: ProjectContext,
  landing: Landing,
  { path, line }: Place,
  text: string,
): Promise<Explanation> {
  const session =
    landing.origin.kind === 'session' ? await project.ledger.readSession(landing.origin.session) : undefined;
  return {
    landing,
    path,
    line: line === undefined ? undefined : { number: line + 1, text },
    session,
    record: session && (await readRecord(project.blobs, session)),
  };
}
