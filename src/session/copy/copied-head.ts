import { hasCode } from '../../base/error.ts';
import { firstHead, type Head, type Landing, nextHead } from '../head.ts';
import type { HeadVersion } from '../ledger-port.ts';
import type { ProjectContext } from '../project.ts';
import { landingRoots } from '../roots.ts';
import { SessionError } from '../session-error.ts';
import type { CopiedProjects, CopiedTrees } from './copied-trees.ts';

/** How many landings one move of the copied head brings: they all ride in it. */
const landingsAMoveMax = 64;

/** The head of a project, or undefined where there is no project. Throws `project/diverged` where one has lost its head. */
export async function headOf(project: ProjectContext): Promise<HeadVersion | undefined> {
  try {
    return await project.ledger.readHead();
  } catch (error) {
    if (!hasCode(error, 'project/not-found')) throw error;
  }
  if (!(await project.ledger.exists())) return undefined;
  throw diverged(
    project,
    'has lost its head there',
    'Copy to another store, or restore what is there and copy then',
  );
}

/**
 * Sees that `theirs` is a head that `from` once had, so that nothing is lost when it moves on to `ours`. Throws
 * `project/diverged`.
 */
export async function requireEarlierHead(
  { from, to }: Pick<CopiedProjects, 'from' | 'to'>,
  theirs: Head,
  ours: Head,
): Promise<void> {
  const apart =
    'Neither is changed. Copy to another store; or land there what is missing, and remove this project';
  if (theirs.sequence === 0) {
    if (theirs.project.createdMs === ours.project.createdMs || (await isUnused(to))) return;
    throw diverged(to, 'was made by itself there, and has sessions', apart);
  }
  if (theirs.sequence > ours.sequence) {
    throw diverged(
      to,
      `has ${theirs.sequence} landings there, and only ${ours.sequence} here: it has moved on by itself`,
      'If it is the same project, copy the other way',
    );
  }
  const [there, here] = await Promise.all(
    [to, from].map(({ ledger }) => ledger.readLanding(theirs.sequence)),
  );
  if (there!.id === here!.id) return;
  throw diverged(to, `has another landing ${theirs.sequence} there: it has moved on by itself`, apart);
}

/**
 * Lands in `to` what has landed in `from`, in the same order: whenever it is killed, `to` is what `from` once was. Makes
 * the project where there is none. Answers how many landings it has brought, and the newest that is there now.
 */
export async function copyHead(
  projects: CopiedProjects,
  trees: CopiedTrees,
  onLanding: (sequence: number, newest: number) => void,
): Promise<{ readonly landings: number; readonly newest: number }> {
  const { from, to } = projects;
  let brought = 0;
  for (;;) {
    // Read in this order: what is there now, `from` has had before.
    const theirs = await headOf(to);
    const { head: ours } = await from.ledger.readHead();
    if (theirs === undefined) {
      await copyFirstHead(projects, trees, ours);
      continue;
    }
    await requireEarlierHead(projects, theirs.head, ours);
    onLanding(theirs.head.sequence, ours.sequence);
    if (theirs.head.sequence === ours.sequence) return { landings: brought, newest: ours.sequence };
    const landings = await nextLandings(from, theirs.head, ours);
    await trees.require(landings.flatMap((landing) => [...landingRoots(landing)]));
    const next = nextHead({ ...theirs.head, project: ours.project }, landings);
    if ((await to.ledger.moveHead(theirs, next)) === 'moved') brought += landings.length;
  }
}

/** The project as it was before its first landing. */
async function copyFirstHead({ from, to }: CopiedProjects, trees: CopiedTrees, ours: Head): Promise<void> {
  const tree = ours.sequence === 0 ? ours.tree : (await from.ledger.readLanding(1)).before;
  await trees.require([{ kind: 'tree', hash: tree, of: 'the first head' }]);
  try {
    await to.ledger.createProject(firstHead(ours.project, tree));
  } catch (error) {
    // Another copy was faster.
    if (!hasCode(error, 'project/exists')) throw error;
  }
}

/** The landings that follow upon `theirs`. The last of all comes alone: what rides in a head is read with it each time. */
async function nextLandings(from: ProjectContext, theirs: Head, ours: Head): Promise<readonly Landing[]> {
  const first = theirs.sequence + 1;
  const last = Math.max(first, Math.min(theirs.sequence + landingsAMoveMax, ours.sequence - 1));
  const sequences = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const landings = await Promise.all(sequences.map((sequence) => from.ledger.readLanding(sequence)));
  let { tree } = theirs;
  for (const landing of landings) {
    if (landing.before !== tree) {
      throw new SessionError(
        'project/damaged',
        `Landing ${landing.sequence} of project ${from.name} does not follow upon the one before. Landings up to there were copied; run "mic store fsck".`,
      );
    }
    ({ tree } = landing);
  }
  return landings;
}

async function isUnused({ ledger }: ProjectContext): Promise<boolean> {
  for await (const _ of ledger.listSessions()) return false;
  return true;
}

function diverged({ name }: ProjectContext, what: string, advice: string): SessionError {
  return new SessionError(
    'project/diverged',
    `Project ${name} ${what}. Nothing was copied over it. ${advice}.`,
  );
}
