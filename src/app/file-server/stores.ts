import type { ProjectName } from '../../session/project-name.ts';
import { ContentCache } from '../../vfs/content-cache.ts';
import { Micelio } from '../micelio.ts';
import type { OpenProject } from '../open-project.ts';
import type { OnStoreProblem } from '../open-store.ts';
import { processMemory } from '../process-memory.ts';
import type { StoreRequests } from '../store-requests.ts';
import type { TierSettings } from '../tier-settings.ts';

/** The stores that this process works with. Each is opened when it is first asked for, and stays open. */
export class Stores {
  readonly #tiers: TierSettings;
  readonly #onProblem: OnStoreProblem;
  readonly #requests: StoreRequests;
  readonly #open = new Map<string, Promise<Micelio>>();
  readonly #contents = new Map<OpenProject, ContentCache>();

  /** `tiers` are what stands in front of remote stores; `requests` counts what is sent to them. */
  constructor(tiers: TierSettings, onProblem: OnStoreProblem, requests: StoreRequests) {
    this.#requests = requests;
    this.#tiers = tiers;
    this.#onProblem = onProblem;
  }

  /** A project of the store at `store`, an absolute path or an `s3://` URL. */
  async project(store: string, name: ProjectName): Promise<OpenProject> {
    const settings = { store, tiers: this.#tiers, requests: this.#requests };
    const micelio = this.#open.get(store) ?? Micelio.open(settings, this.#onProblem);
    this.#open.set(store, micelio);
    return (await micelio).project(name);
  }

  /** The files of a project, for all file systems on it. */
  content(project: OpenProject): ContentCache {
    const content =
      this.#contents.get(project) ?? new ContentCache(project.blobs, project.nodes, undefined, processMemory);
    this.#contents.set(project, content);
    return content;
  }
}
