import { MicelioError } from '../base/error.ts';

export type AgentErrorCode =
  /** What a runner keeps for itself cannot be read or written. */
  | 'agent/disk'
  /** What a runner that was killed has left running cannot be ended. */
  | 'agent/not-ended'
  /** The agent program cannot be started. */
  | 'agent/not-startable';

export class AgentError extends MicelioError<AgentErrorCode> {}
