import type { Clock } from '../../base/clock.ts';
import { RequestTally } from '../request-tally.ts';
import type { StoreRequests } from '../store-requests.ts';

/** How often what was sent is noted, in ms. */
const tallyMs = 5 * 60 * 1000;

/** Notes from time to time, and when the server has stopped, what serving each project has cost in requests. */
export function tallyRequests(
  requests: StoreRequests,
  directory: string,
  clock: Clock,
  stopped: Promise<void>,
): void {
  const tally = new RequestTally(directory);
  const note = (): Promise<void> =>
    tally.add(requests.counter?.take() ?? [], (project) => `mic-fs ${project}`.trimEnd(), clock.now());
  const timer = setInterval(note, tallyMs).unref();
  stopped.then(() => {
    clearInterval(timer);
    return note();
  });
}
