import { rmSync } from 'node:fs';
import * as v from 'valibot';
import { type Hash, parseHash } from '../../base/hash.ts';
import { WorkspaceError } from '../workspace-error.ts';
import { type Marker, parseJson, readText, replaceFile } from './marker.ts';

/** What an operation that changes files has set out to do. It is written before the first change, and goes at the end. */
export type Intent =
  | { readonly kind: 'create'; readonly tree: Hash }
  | { readonly kind: 'update'; readonly before: Hash; readonly after: Hash };

const hash = v.pipe(v.string(), v.transform(parseHash));
const intentSchema = v.variant('kind', [
  v.object({ version: v.literal(1), kind: v.literal('create'), tree: hash }),
  v.object({ version: v.literal(1), kind: v.literal('update'), before: hash, after: hash }),
]);

/** What an operation that did not come to its end had set out to do. Throws `workspace/format-unknown`. */
export function readIntent(marker: Marker): Intent | undefined {
  const text = readText(marker.journalFile);
  if (text === undefined) return undefined;
  const parsed = v.safeParse(intentSchema, parseJson(text));
  if (parsed.success) return parsed.output;
  throw new WorkspaceError(
    'workspace/format-unknown',
    `"${marker.journalFile}" is not what this version of Micelio writes. Update Micelio, and do it again.`,
  );
}

export function writeIntent(marker: Marker, intent: Intent): void {
  replaceFile(marker.journalFile, `${JSON.stringify({ version: 1, ...intent })}\n`);
}

export function clearIntent(marker: Marker): void {
  rmSync(marker.journalFile, { force: true });
}
