import { Micelio } from '../src/app/micelio.ts';
import type { OpenProject } from '../src/app/open-project.ts';
import { systemClock } from '../src/base/clock.ts';
import { hashOf } from '../src/base/hash.ts';
import { systemRandom } from '../src/base/random.ts';
import { createProject, landImport } from '../src/session/project-import.ts';
import { parseProjectName } from '../src/session/project-name.ts';
import { DirectoryStore } from '../src/storage/directory/directory-store.ts';
import type { ObjectStore } from '../src/storage/object-store.ts';
import { TreeBuilder } from '../src/tree/build.ts';
import { directoryMode, type Entry } from '../src/tree/entry.ts';
import { NodeTransaction } from '../src/tree/node-store.ts';
import type { TreePath } from '../src/tree/path.ts';

export const agent = { name: 'bench', email: 'bench@example.org' };

/** The project of a store, or of one in a directory, as a process that has just started sees it. */
export function openProject(place: string | ObjectStore): Promise<OpenProject> {
  const store = typeof place === 'string' ? new DirectoryStore(place) : place;
  return new Micelio({ store, clock: systemClock, random: systemRandom }).project(
    parseProjectName('bench/project'),
  );
}

/** The path of file `i` of a project that `makeProject` made. */
export function filePath(i: number): TreePath {
  const module = String(Math.floor(i / 50)).padStart(6, '0');
  return `src/module-${module}/file-${String(i).padStart(8, '0')}.ts` as TreePath;
}

/**
 * Makes a project with `count` files of a few bytes each; for what depends on how many files there are. The content of
 * most is left out unless somebody is going to read it.
 */
export async function makeProject(
  place: string | ObjectStore,
  count: number,
  contents: 'some contents' | 'every content' = 'some contents',
): Promise<OpenProject> {
  const project = await openProject(place);
  await createProject(project, '');
  const batch = await project.blobs.openBatch();
  const nodes = new NodeTransaction(project.nodes, batch);
  const builder = new TreeBuilder(nodes);
  const folder: Entry = { type: 'directory', mode: directoryMode };
  builder.add('src' as TreePath, folder);
  for (let i = 0; i < count; i += 50)
    builder.add(filePath(i).slice(0, 'src/module-000000'.length) as TreePath, folder);
  for (let i = 0; i < count; i++) {
    const bytes = Buffer.from(`${i}\n`);
    builder.add(filePath(i), { type: 'file', mode: 0o644, size: bytes.length, hash: hashOf(bytes) });
    if (contents === 'every content' || i % 16 === 0) batch.add(bytes);
  }
  const tree = builder.finish();
  await batch.flush();
  await landImport(project, project.landings, { source: 'bench', commit: null, tree }, agent, 'Import');
  return project;
}
