import { BlobStore } from '../blob/blob-store.ts';
import { LandingQueue } from '../session/landing/landing-queue.ts';
import { LocatingLedger } from '../session/locating-ledger.ts';
import type { ProjectContext, ProjectLedger } from '../session/project.ts';
import { projectPrefix } from '../session/project-name.ts';
import { TimelyLedger } from '../session/timely-ledger.ts';
import { systemSleep } from '../storage/backoff.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { NodeStore } from '../tree/node-store.ts';
import { processMemory } from './process-memory.ts';

/** A project that is open, with the queue in which this process lands on it. */
export interface OpenProject extends ProjectContext {
  readonly landings: LandingQueue;
}

export function openProject(store: ObjectStore, project: ProjectLedger): OpenProject {
  const { clock, random } = project;
  const blobs = new BlobStore(store, projectPrefix(project.name), { clock, random });
  const nodes = new NodeStore(blobs, undefined, processMemory);
  const ledger = new LocatingLedger(new TimelyLedger(project.ledger, blobs), blobs, nodes);
  const context = { ...project, ledger, blobs, nodes };
  return { ...context, landings: new LandingQueue(context, systemSleep) };
}
