import type { FleetPlan } from './fleet.ts';

type Extent = Pick<FleetPlan, 'processes' | 'sessions'>;

/** Files that sessions of every process change, each at a line of its own. */
const sharedFiles = 4;

const untouched = (process: number, session: number): string => `nobody: ${process} ${session}\n`;
const touched = (process: number, session: number): string => `edited: ${process} ${session}\n`;

/** The path of a file that only this session has. */
export function ownPath(process: number, session: number): string {
  return `own/${process}/${session}.txt`;
}

/** What this session writes into it. */
export function ownText(process: number, session: number): string {
  return `${session} of ${process}\n`;
}

/** The path of the shared file in which this session has a line. */
export function sharedPath(process: number, session: number): string {
  return `shared/${(process + session) % sharedFiles}.txt`;
}

/** The text of that file, edited by this session. */
export function editShared(text: string, process: number, session: number): string {
  const edited = text.replace(untouched(process, session), touched(process, session));
  if (edited === text) throw new Error(`session ${session} of ${process} has no line in its shared file`);
  return edited;
}

/** The files that the project of a fleet begins with. */
export function filesBefore(extent: Extent): Record<string, string> {
  return shared(extent, untouched);
}

/** The files that it has when all sessions have landed. */
export function filesAfter(extent: Extent): Record<string, string> {
  const files = shared(extent, touched);
  forEachSession(extent, (process, session) => {
    files[ownPath(process, session)] = ownText(process, session);
  });
  return files;
}

/** The shared files. Between the lines of two sessions is one that nobody changes, so that they never conflict. */
function shared(extent: Extent, line: typeof touched): Record<string, string> {
  const files: Record<string, string> = {};
  forEachSession(extent, (process, session) => {
    const path = sharedPath(process, session);
    files[path] = `${files[path] ?? ''}${line(process, session)}behind: ${process} ${session}\n`;
  });
  return files;
}

function forEachSession({ processes, sessions }: Extent, visit: (process: number, session: number) => void) {
  for (let process = 0; process < processes; process++) {
    for (let session = 0; session < sessions; session++) visit(process, session);
  }
}
