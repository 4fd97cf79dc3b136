import * as v from 'valibot';
import { type ProjectName, parseProjectName } from '../session/project-name.ts';
import { parseSessionId, type SessionId } from '../session/session-id.ts';
import { findWorkspace } from '../workspace/checkout/marker.ts';

/** What a workspace says of itself. */
export interface WorkspaceMarker {
  /** The top of the workspace, absolute. */
  readonly directory: string;
  /** The store that the session lies in, absolute. */
  readonly store: string;
  readonly project: ProjectName;
  readonly session: SessionId;
}

const schema = v.object({
  store: v.string(),
  project: v.pipe(v.string(), v.transform(parseProjectName)),
  session: v.pipe(v.string(), v.transform(parseSessionId)),
});

/** What is written into a workspace, to be found by `findMarker`. */
export type MarkerContent = Omit<WorkspaceMarker, 'directory'>;

/** The workspace that `directory` lies in. */
export function findMarker(directory: string): WorkspaceMarker | undefined {
  const found = findWorkspace(directory);
  return found && { directory: found.directory, ...v.parse(schema, found.owner.session) };
}
