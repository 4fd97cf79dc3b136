import { Micelio } from '../src/app/micelio.ts';
import type { OpenProject } from '../src/app/open-project.ts';
import { type Clock, systemClock } from '../src/base/clock.ts';
import type { Hash } from '../src/base/hash.ts';
import { systemRandom } from '../src/base/random.ts';
import { addFile } from '../src/blob/file.ts';
import { createProject, landImport } from '../src/session/project-import.ts';
import { parseProjectName } from '../src/session/project-name.ts';
import type { Session } from '../src/session/session.ts';
import { startSession } from '../src/session/start.ts';
import { MemoryStore } from '../src/storage/memory-store.ts';
import type { ObjectStore } from '../src/storage/object-store.ts';
import { editTree, type TreeEdit } from '../src/tree/edit.ts';
import { NodeTransaction } from '../src/tree/node-store.ts';
import type { TreePath } from '../src/tree/path.ts';

export const agent = { name: 'ada', email: 'ada@example.org' };

/** Files by path; undefined is a file that goes, and the directories that it leaves empty with it. */
export type Files = Readonly<Record<string, string | undefined>>;

export interface TestProject extends OpenProject {
  start(): Promise<Session>;
  /** The same project as another process sees it, in `store` where one is given. */
  reopen(store?: ObjectStore, clock?: Clock): Promise<TestProject>;
}

/** A project with one landing, which brought `files`. */
export async function openTestProject(
  files: Files,
  store: ObjectStore = new MemoryStore(),
  clock: Clock = systemClock,
): Promise<TestProject> {
  const project = await reopen(store, clock);
  await createProject(project, 'for a test');
  const { head } = await project.ledger.readHead();
  const tree = await writeFiles(project, head.tree, files);
  await landImport(project, project.landings, { source: 'test', commit: null, tree }, agent, 'Import');
  return project;
}

/** Writes the tree that `tree` becomes with `files`. */
export async function writeFiles(project: OpenProject, tree: Hash, files: Files): Promise<Hash> {
  const batch = await project.blobs.openBatch();
  const edits: TreeEdit[] = [];
  for (const [path, text] of Object.entries(files)) {
    const entry =
      text === undefined
        ? undefined
        : { type: 'file' as const, mode: 0o644, ...(await addFile(batch, Buffer.from(text))) };
    edits.push({ path: path as TreePath, entry });
    for (
      let slash = path.lastIndexOf('/');
      text === undefined && slash > 0;
      slash = path.lastIndexOf('/', slash - 1)
    ) {
      const directory = path.slice(0, slash) as TreePath;
      if (!edits.some((edit) => edit.path === directory)) edits.push({ path: directory, entry: undefined });
    }
  }
  const root = await editTree(new NodeTransaction(project.nodes, batch), tree, edits);
  await batch.flush();
  return root;
}

async function reopen(store: ObjectStore, clock: Clock): Promise<TestProject> {
  const micelio = new Micelio({ store, clock, random: systemRandom });
  const project = await micelio.project(parseProjectName('acme/web'));
  return {
    ...project,
    start: () => startSession(project, { title: 'Work', goal: 'Get it done', agent }),
    reopen: (other = store, otherClock = clock) => reopen(other, otherClock),
  };
}
