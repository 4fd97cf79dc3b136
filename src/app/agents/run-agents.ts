import { fileURLToPath } from 'node:url';
import type { AgentEvent } from '../../agents/agent-event.ts';
import { AgentRunner, type RunnerSettings, type RunnerSummary } from '../../agents/agent-runner.ts';
import { RunRecords } from '../../agents/run-records.ts';
import { packageRoot } from '../../base/package-root.ts';
import { systemRandom } from '../../base/random.ts';
import type { RemovedWorkspace } from '../../workspace/git/remove-git-workspace.ts';
import type { WorkspaceRecord } from '../../workspace/git/workspace-record.ts';
import type { Environment } from '../configuration.ts';
import type { HubSessions } from '../hub/hub-sessions.ts';
import { HubAgentWork } from './hub-agent-work.ts';
import { lookIntervalMs } from './hub-mark.ts';
import { runRecordsFolder } from './left-running.ts';

/** Where `mic` is, for programs that it runs. */
const bin = fileURLToPath(new URL('bin', packageRoot));

export interface AgentsRequest {
  readonly settings: Omit<RunnerSettings, 'intervalMs'> & {
    /** Undefined: as often as it costs next to nothing. */
    readonly intervalMs: number | undefined;
  };
  /** Undefined: as each session had it, or a clone. */
  readonly workspace: WorkspaceRecord['kind'] | undefined;
  /** How long a claim is good for without being renewed, in ms; undefined: the project's setting. */
  readonly leaseMs: number | undefined;
  readonly stop: AbortSignal;
  readonly terminate: AbortSignal;
  readonly tell: (event: AgentEvent) => void;
  /** What a removed workspace had that is not in git, for people, a line each. */
  readonly removedLines: (removed: RemovedWorkspace) => readonly string[];
}

/** Runs an agent program on the sessions of a hub, as `AgentRunner` says. Throws `ledger/not-decided-here`. */
export async function runAgents(sessions: HubSessions, request: AgentsRequest): Promise<RunnerSummary> {
  sessions.ledger.requireDecider();
  const { settings, workspace, leaseMs, stop, terminate, tell, removedLines } = request;
  const records = runRecordsFolder(sessions.hub);
  const work = new HubAgentWork(sessions, { workspace, leaseMs, bin, records, removedLines });
  const intervalMs = settings.intervalMs ?? lookIntervalMs(sessions);
  return new AgentRunner(
    { ...settings, intervalMs },
    {
      work,
      records: new RunRecords(records),
      clock: sessions.surroundings.clock,
      random: systemRandom,
      ...{ stop, terminate, tell },
    },
  ).run();
}

/** An environment without what belongs to another session, for whoever works on sessions of its own. */
export function withoutSession(environment: Environment): Environment {
  const own = Object.entries(environment).filter(([name]) => !name.startsWith('SESSION_'));
  return Object.fromEntries(own);
}
