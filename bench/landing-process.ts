import { landSession } from '../src/session/landing/land-session.ts';
import type { SessionId } from '../src/session/session-id.ts';
import { openProject } from './project.ts';

/** One of several processes that land at the same time: says that it is ready, is told which sessions, says that it is done. */
const project = await openProject(process.argv[2]!);
process.once('message', async (ids: readonly SessionId[]) => {
  const results = await Promise.all(
    ids.map((id) => landSession(project, project.landings, { session: id, message: 'bench' })),
  );
  process.send!(results.every(({ outcome }) => outcome === 'landed') ? 'done' : 'conflict');
  process.disconnect!();
});
process.send!('ready');
