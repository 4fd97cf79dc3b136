import { systemClock } from '../../base/clock.ts';
import { Git } from '../../git/git-process.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { claimSession } from '../hub/claim-session.ts';
import { HubSessions } from '../hub/hub-sessions.ts';
import { type AgentsRequest, runAgents } from './run-agents.ts';

/** For tests: a runner as a process of its own, `agents-workload.ts OPTIONS`. It tells its events, a line of JSON each. */
export interface AgentsOptions {
  readonly name?: string;
  readonly leaseMs?: number;
  /** A session that is taken over first, as a person does, with no runner. */
  readonly takeOver?: Slug;
  readonly workspace?: AgentsRequest['workspace'];
  /** How far its clock is ahead of the others', in ms. */
  readonly clockAheadMs?: number;
  readonly settings: Pick<AgentsRequest['settings'], 'command'> & Partial<AgentsRequest['settings']>;
}

const {
  directory,
  state,
  name,
  leaseMs,
  takeOver,
  workspace,
  clockAheadMs = 0,
  settings,
} = JSON.parse(process.argv[2]!) as AgentsOptions & { readonly directory: string; readonly state: string };

const [stop, terminate] = [new AbortController(), new AbortController()];
process.on('SIGTERM', () => stop.abort());
const who = name ?? 'Grace';
const sessions = await HubSessions.open(directory, {
  git: new Git(process.env),
  agent: { name: who, email: `${who.toLowerCase()}@example.org` },
  clock: { now: () => systemClock.now() + clockAheadMs },
  environment: process.env,
  state,
});
try {
  if (takeOver !== undefined) await claimSession(sessions, takeOver, 'take over now');
  else
    await runAgents(sessions, {
      settings: {
        ...{
          rest: 'commit',
          unmet: undefined,
          attemptsMax: 3,
          killAfterMs: 1000,
          parallel: 1,
          capabilities: [],
        },
        ...{ until: 'until-empty', intervalMs: 200, retryAfterMs: 0, graceMs: 0 },
        ...settings,
      },
      workspace,
      leaseMs,
      stop: stop.signal,
      terminate: terminate.signal,
      tell: (event) => console.log(JSON.stringify(event)),
      removedLines: ({ aside, gone }) => [
        ...(aside ? [aside.directory] : []),
        ...gone.map(({ path }) => path),
      ],
    });
} finally {
  await sessions.close();
}
