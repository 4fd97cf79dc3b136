import * as v from 'valibot';
import { type ProjectName, parseProjectName } from '../session/project-name.ts';
import { parseSessionId, type SessionId } from '../session/session-id.ts';
import type { WorkspaceKind } from '../session/workspace-port.ts';
import { findWorkspace } from '../workspace/checkout/marker.ts';
import { WorkspaceError } from '../workspace/workspace-error.ts';
import { isStoreLocation } from './store-location.ts';

/** What a workspace says of itself. */
export interface WorkspaceMarker {
  readonly kind: WorkspaceKind;
  /** The top of the workspace, absolute. */
  readonly directory: string;
  /** The store that the session lies in: an absolute path, or an `s3://` URL. */
  readonly store: string;
  readonly project: ProjectName;
  readonly session: SessionId;
}

const schema = v.object({
  store: v.pipe(v.string(), v.check(isStoreLocation, 'Its store is neither an absolute path nor a URL.')),
  project: v.pipe(v.string(), v.transform(parseProjectName)),
  session: v.pipe(v.string(), v.transform(parseSessionId)),
});

/** What is written into a workspace, to be found by `findMarker`. */
export type MarkerContent = Omit<WorkspaceMarker, 'kind' | 'directory'>;

/** The workspace that the directory `from` lies in. Throws `workspace/format-unknown` for a marker that says nothing sensible. */
export function findMarker(from: string): WorkspaceMarker | undefined {
  const found = findWorkspace(from);
  if (found === undefined) return undefined;
  try {
    const { directory, owner } = found;
    return { kind: owner.kind, directory, ...v.parse(schema, owner.session) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WorkspaceError(
      'workspace/format-unknown',
      `"${found.directory}" looks like a workspace, but what it says of its session is not understood: ${reason} Restore its marker, or work in a new workspace.`,
      { cause },
    );
  }
}
