import type { Slug } from '../session/plan/slug.ts';

/** What becomes of a session in the hands of a runner. */
export const agentEventKinds = [
  'claimed',
  'taken-over',
  'resumed',
  'completed',
  'conflicted',
  'failed',
  'given-up',
  'given-back',
  'abandoned',
  'put-back',
  'lost',
  'problem',
] as const;
export type AgentEventKind = (typeof agentEventKinds)[number];

/** Said as it happens. `problem`: something that is tried again, or goes on without. */
export interface AgentEvent {
  readonly kind: AgentEventKind;
  /** Undefined where it is about none. */
  readonly slug: Slug | undefined;
  /** Why, or what it means; undefined where the kind says all. */
  readonly words?: string;
}
