import type { ProjectName } from '../../session/project-name.ts';
import { ContentCache } from '../../vfs/content-cache.ts';
import { Micelio } from '../micelio.ts';
import type { OpenProject } from '../open-project.ts';

/** The stores that this process works with. Each is opened when it is first asked for, and stays open. */
export class Stores {
  readonly #open = new Map<string, Micelio>();
  readonly #contents = new Map<OpenProject, ContentCache>();

  /** A project of the store in the directory `store`. */
  project(store: string, name: ProjectName): Promise<OpenProject> {
    const micelio = this.#open.get(store) ?? Micelio.open({ store });
    this.#open.set(store, micelio);
    return micelio.project(name);
  }

  /** The files of a project, for all file systems on it. */
  content(project: OpenProject): ContentCache {
    const content = this.#contents.get(project) ?? new ContentCache(project.blobs, project.nodes);
    this.#contents.set(project, content);
    return content;
  }
}
