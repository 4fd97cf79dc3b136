import { MicelioError } from '../base/error.ts';
import { copyProject, type ProjectCopied } from '../session/copy/copy-project.ts';
import type { ProjectName } from '../session/project-name.ts';
import { SessionError, type SessionErrorCode } from '../session/session-error.ts';
import { StorageError } from '../storage/object-store.ts';
import { isS3Url } from '../storage/s3/s3-location.ts';
import { ConfigurationError } from './configuration-error.ts';
import { Micelio } from './micelio.ts';
import type { OnProgress } from './projects.ts';
import { checkPlace } from './store-check.ts';
import type { StoreRequests } from './store-requests.ts';
import type { TierSettings } from './tier-settings.ts';

export interface CopyStoreRequest {
  /** Where the stores are, as `parseStoreLocation` says. */
  readonly from: string;
  readonly to: string;
  /** Which projects; all where none is named. */
  readonly projects: readonly ProjectName[];
  readonly mode: 'copy' | 'dry run';
}

/** How the copy of one project ended. */
export type ProjectCopy =
  | ({ readonly project: ProjectName; readonly error: undefined } & ProjectCopied)
  | { readonly project: ProjectName; readonly error: MicelioError };

/** What is the matter with one project, and says nothing of others. */
const projectCodes: ReadonlySet<string> = new Set<SessionErrorCode>([
  'project/diverged',
  'project/damaged',
  'project/not-found',
  'landing/busy',
]);

/**
 * Copies projects from one store to another, one after the other, as `copyProject` does. Other projects there are not
 * touched. A project that cannot be copied does not stop the others. Throws `project/not-found` where there is nothing to
 * copy, `storage/unsuitable` where nothing can be copied to, and as stores do.
 */
export async function* copyStore(
  { from, to, projects, mode }: CopyStoreRequest,
  tiers: TierSettings,
  requests: StoreRequests,
  onProgress: OnProgress,
): AsyncGenerator<ProjectCopy> {
  if (from === to)
    throw new ConfigurationError(
      'configuration/invalid',
      `"${from}" cannot be copied to itself. Name two stores.`,
    );
  const { problem } = await checkPlace(to, requests);
  if (problem !== undefined) throw new StorageError('storage/unsuitable', problem);
  // Packs are read once and as a whole: keeping them would only push out what is needed again.
  const uncached = { ...tiers, cacheBytes: 0, peers: undefined };
  const open = (store: string): Promise<Micelio> =>
    Micelio.open({ store, tiers: uncached, requests }, (problem) => {
      // Nothing is cached.
      throw problem;
    });
  const [source, target] = [await open(from), await open(to)];
  const near = isS3Url(to) ? 'from' : 'to';
  let count = 0;
  for await (const project of projects.length > 0 ? projects : source.projectNames()) {
    count++;
    try {
      const [ours, theirs] = [await source.project(project), await target.project(project)];
      yield { project, error: undefined, ...(await copyProject(ours, theirs, { mode, near, onProgress })) };
    } catch (error) {
      if (!(error instanceof MicelioError) || !projectCodes.has(error.code)) throw error;
      yield { project, error };
    }
  }
  if (count === 0)
    throw new SessionError(
      'project/not-found',
      `There are no projects in "${from}". Is that the right store?`,
    );
}
