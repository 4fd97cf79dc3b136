import type { PlacedSession } from '../app/placement.ts';

/** True for a workspace that is to be mounted, and is not: nobody can go there yet. */
export function notMounted({ mount }: PlacedSession): boolean {
  return mount?.mounted === false;
}

/** A workspace as `--json` prints it: of a checkout the directory, of a mount also what an NFS client needs to know. */
export function workspaceJson({ workspace, mount }: PlacedSession): unknown {
  if (workspace?.kind !== 'mount') return workspace?.directory ?? null;
  const { kind, directory, served, mountLine } = workspace;
  const { host, port, path } = served;
  return { kind, directory, mounted: mount?.mounted === true, host, port, export: path, command: mountLine };
}

/** What to say of a workspace that is not mounted. */
export function mountNotes({ workspace, mount }: PlacedSession): readonly string[] {
  if (workspace?.kind !== 'mount' || mount?.mounted !== false) return [];
  return [`Served, but not mounted: ${mount.reason}. Mount it with:`, workspace.mountLine];
}
