import type { ServedPath } from '../workspace/mount/file-server-port.ts';
import type { ChosenTree } from './choose-tree.ts';
import type { Configuration, Environment } from './configuration.ts';
import { currentUser, launchMounts } from './mounts.ts';
import type { OpenProject } from './open-project.ts';

/** A tree that is served, and the command that mounts it. */
export interface ServedTree extends ServedPath {
  readonly command: string;
}

/** Serves a tree to be read; `directory` is where the command mounts it. Throws as the file server and the store do. */
export async function serveTree(
  configuration: Configuration,
  environment: Environment,
  project: OpenProject,
  { tree, atMs }: ChosenTree,
  directory: string,
): Promise<ServedTree> {
  const { server, mounter } = await launchMounts(configuration, environment);
  const request = { store: configuration.store, project: project.name, tree, startedMs: atMs };
  const served = await server.serveTree({ ...request, owner: currentUser() });
  return { ...served, command: mounter.mountLine(served, directory, 'read-only') };
}
