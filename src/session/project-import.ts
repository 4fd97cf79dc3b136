import type { Hash } from '../base/hash.ts';
import { emptyTree, writeEmptyTree } from '../tree/level-writer.ts';
import { NodeTransaction } from '../tree/node-store.ts';
import { firstHead, type Imported, importsMax, type Landing } from './head.ts';
import type { LandingOutcome, LandingQueue } from './landing/landing-queue.ts';
import type { ProjectContext } from './project.ts';
import { recordText } from './record-text.ts';
import type { Agent } from './session.ts';

/** Files that come from outside, as a tree in the project's store. */
export interface ImportedTree {
  /** Where they came from, for people: a path or a URL without credentials. */
  readonly source: string;
  /** The git commit they are, if they are one. */
  readonly commit: string | null;
  readonly tree: Hash;
}

/** Makes an empty project: landing 0, which nobody landed. Throws `project/exists`. */
export async function createProject(project: ProjectContext, description: string): Promise<void> {
  const batch = await project.blobs.openBatch({ expects: 'few' });
  const tree = writeEmptyTree(new NodeTransaction(project.nodes, batch));
  await batch.flush();
  const about = { name: project.name, createdMs: project.clock.now(), description };
  await project.ledger.createProject(firstHead(about, tree));
}

/**
 * Lands files from outside: what they changed since the last import from the same source is merged into the head.
 * What landed here in between stays. The same files again find the landing that brought them.
 */
export async function landImport(
  project: ProjectContext,
  queue: LandingQueue,
  imported: ImportedTree,
  agent: Agent,
  message: string,
): Promise<LandingOutcome> {
  const previous = await lastImport(project, imported.source);
  if (previous?.tree === imported.tree && previous.commit === imported.commit) {
    return { outcome: 'landed', landing: await project.ledger.readLanding(previous.sequence) };
  }
  const base = previous ?? { tree: emptyTree, sequence: 0 };
  return queue.land({
    origin: { kind: 'import', source: imported.source, commit: imported.commit, tree: imported.tree },
    agent,
    message: recordText(message, 'message'),
    base: { tree: base.tree, sequence: base.sequence },
    tree: imported.tree,
  });
}

/** What was last imported from `source`: its tree, its commit, and the landing that brought it. */
export async function lastImport(
  project: ProjectContext,
  source: string,
): Promise<Omit<Imported, 'source'> | undefined> {
  const { head } = await project.ledger.readHead();
  const known = head.imports.find((imported) => imported.source === source);
  // A head that has room left remembers them all.
  if (known !== undefined || head.imports.length < importsMax) return known;
  for (let sequence = head.sequence; sequence > 0; sequence--) {
    const { origin }: Landing = await project.ledger.readLanding(sequence);
    if (origin.kind === 'import' && origin.source === source)
      return { tree: origin.tree, commit: origin.commit, sequence };
  }
  return undefined;
}
