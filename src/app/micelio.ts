import { type Clock, systemClock } from '../base/clock.ts';
import { type Random, systemRandom } from '../base/random.ts';
import { ObjectLedger } from '../ledger/object/object-ledger.ts';
import type { ProjectLedger } from '../session/project.ts';
import { type ProjectName, parseProjectName, projectPrefix } from '../session/project-name.ts';
import { systemSleep } from '../storage/backoff.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { OpenProject } from './open-project.ts';
import { type OnStoreProblem, openStore, type StoreSettings } from './open-store.ts';

/** What Micelio works with; handed in by tests, and otherwise the system's. */
export interface Surroundings {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** A write that began this long ago, in ms, and has not ended was interrupted. */
const interruptedMsMin = 24 * 60 * 60 * 1000;

/** All projects of one store. Projects are opened when they are first asked for, and stay open. */
export class Micelio {
  readonly store: ObjectStore;
  readonly #surroundings: Surroundings;
  readonly #ledgers = new Map<ProjectName, ProjectLedger>();
  readonly #projects = new Map<ProjectName, Promise<OpenProject>>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.store = surroundings.store;
  }

  /** Opens a store. `onProblem` is told of what it can do without. Throws as `openStore` does. */
  static async open(settings: StoreSettings, onProblem: OnStoreProblem): Promise<Micelio> {
    const store = await openStore(settings, onProblem);
    return new Micelio({ store, clock: systemClock, random: systemRandom });
  }

  /** The ledger of the project `name`, which need not exist yet. */
  ledger(name: ProjectName): ProjectLedger {
    const known = this.#ledgers.get(name);
    if (known !== undefined) return known;
    const { store, clock, random } = this.#surroundings;
    const ledger = new ObjectLedger({ store, random, sleep: systemSleep }, name, projectPrefix(name));
    const opened = { name, ledger, clock, random };
    this.#ledgers.set(name, opened);
    return opened;
  }

  /** The project `name` with its files. Loads the code for files and merging, which a short command does without. */
  project(name: ProjectName): Promise<OpenProject> {
    const open = this.#projects.get(name) ?? this.#open(name);
    this.#projects.set(name, open);
    return open;
  }

  /** The names of all projects, in order. One listing and one read a project. */
  async *projectNames(): AsyncGenerator<ProjectName> {
    let after = '';
    for (;;) {
      const name = await this.#firstProject(after);
      if (name === undefined) return;
      if (name.project !== undefined && (await this.ledger(name.project).ledger.exists())) yield name.project;
      after = name.after;
    }
  }

  /**
   * Removes what writes have left that were interrupted a day ago or more, where the store keeps such things; answers how
   * many. A dry run only counts.
   */
  async sweep(mode: 'sweep' | 'dry run'): Promise<number> {
    const beforeMs = this.#surroundings.clock.now() - interruptedMsMin;
    return (await this.store.sweep?.('micelio-', { beforeMs, mode })) ?? 0;
  }

  async #firstProject(
    after: string,
  ): Promise<{ project: ProjectName | undefined; after: string } | undefined> {
    for await (const { key } of this.store.list('micelio-', after === '' ? {} : { after })) {
      const [bucket, folder, name] = key.split('/');
      // "~" sorts behind every character of a key: the next listing begins behind this project's objects.
      const next = `${bucket}/${folder}/${name}/~`;
      if (folder !== 'projects' || name === undefined) return { project: undefined, after: key };
      return { project: parseProjectName(`${bucket!.slice('micelio-'.length)}/${name}`), after: next };
    }
    return undefined;
  }

  async #open(name: ProjectName): Promise<OpenProject> {
    const { openProject } = await import('./open-project.ts');
    return openProject(this.store, this.ledger(name));
  }
}
