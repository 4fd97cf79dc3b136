import { type Clock, systemClock } from '../base/clock.ts';
import { type Random, systemRandom } from '../base/random.ts';
import { BlobStore } from '../blob/blob-store.ts';
import { ObjectLedger } from '../ledger/object/object-ledger.ts';
import { LandingQueue } from '../session/landing/landing-queue.ts';
import type { ProjectContext } from '../session/project.ts';
import { type ProjectName, parseProjectName, projectPrefix } from '../session/project-name.ts';
import { systemSleep } from '../storage/backoff.ts';
import { DirectoryStore } from '../storage/directory/directory-store.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { NodeStore } from '../tree/node-store.ts';
import type { Configuration } from './configuration.ts';

/** A project that is open, with the queue in which this process lands on it. */
export interface OpenProject extends ProjectContext {
  readonly landings: LandingQueue;
}

/** What Micelio works with; handed in by tests, and otherwise the system's. */
export interface Surroundings {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** All projects of one store. Projects are opened when they are first asked for, and stay open. */
export class Micelio {
  readonly store: ObjectStore;
  readonly #surroundings: Surroundings;
  readonly #projects = new Map<ProjectName, OpenProject>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.store = surroundings.store;
  }

  /** Opens the store that the configuration names. */
  static open(configuration: Configuration): Micelio {
    return new Micelio({
      store: new DirectoryStore(configuration.store),
      clock: systemClock,
      random: systemRandom,
    });
  }

  /** The project `name`, which need not exist yet. */
  project(name: ProjectName): OpenProject {
    const open = this.#projects.get(name) ?? this.#openProject(name);
    this.#projects.set(name, open);
    return open;
  }

  /** The names of all projects, in order. One listing a project. */
  async *projectNames(): AsyncGenerator<ProjectName> {
    let after = '';
    for (;;) {
      const name = await this.#firstProject(after);
      if (name === undefined) return;
      if (name.project !== undefined) yield name.project;
      after = name.after;
    }
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

  #openProject(name: ProjectName): OpenProject {
    const { store, clock, random } = this.#surroundings;
    const prefix = projectPrefix(name);
    const blobs = new BlobStore(store, prefix, { clock, random });
    const context: ProjectContext = {
      name,
      ledger: new ObjectLedger({ store, random, sleep: systemSleep }, name, prefix),
      blobs,
      nodes: new NodeStore(blobs),
      clock,
      random,
    };
    return { ...context, landings: new LandingQueue(context) };
  }
}
