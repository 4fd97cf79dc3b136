import { SessionError } from './session-error.ts';

/**
 * The life of a session. Every state meets every event in the table below, so the compiler proves that none is missing.
 *
 *   drafting ──plan──▶ planned ──start──▶ active ──complete──▶ completed
 *       ▲                │  ▲               │  ▲
 *       └─────revise─────┘  └────release────┤  │ resolve
 *                                  conflict ▼  │
 *                                         conflicted ──complete──▶ completed
 *
 *   any state but completed ──abandon──▶ abandoned ──reopen──▶ active
 */
export const sessionStates = [
  'drafting',
  'planned',
  'active',
  'conflicted',
  'completed',
  'abandoned',
] as const;
export type SessionState = (typeof sessionStates)[number];

export type SessionEvent =
  | 'plan'
  | 'revise'
  | 'start'
  | 'release'
  | 'conflict'
  | 'resolve'
  | 'complete'
  | 'abandon'
  | 'reopen';

/** Where an event leads, or why it leads nowhere and what to do instead. */
type Move = { readonly to: SessionState } | { readonly refused: string };

const to = (state: SessionState): Move => ({ to: state });
const refused = (reason: string): Move => ({ refused: reason });

const notPlanned = refused('it is still being drafted. Make it ready first: mic session ready');
const notStarted = refused('nobody has started it yet. Claim it first: mic session claim');
const alreadyActive = refused('it is already being worked on');
const completed = refused(
  'it is completed, and what is completed stays as it is. Start or fork a new session',
);
const abandoned = refused('it is abandoned. Bring it back first: mic session restore');
const notConflicted = refused('it has no conflict');

export const lifeCycle: Record<SessionState, Record<SessionEvent, Move>> = {
  drafting: {
    plan: to('planned'),
    revise: refused('it is being drafted already'),
    start: notPlanned,
    release: notStarted,
    conflict: notStarted,
    resolve: notConflicted,
    complete: notStarted,
    abandon: to('abandoned'),
    reopen: refused('it was never abandoned'),
  },
  planned: {
    plan: refused('it is planned already'),
    revise: to('drafting'),
    start: to('active'),
    release: notStarted,
    conflict: notStarted,
    resolve: notConflicted,
    complete: notStarted,
    abandon: to('abandoned'),
    reopen: refused('it was never abandoned'),
  },
  active: {
    plan: alreadyActive,
    revise: alreadyActive,
    start: alreadyActive,
    release: to('planned'),
    conflict: to('conflicted'),
    resolve: notConflicted,
    complete: to('completed'),
    abandon: to('abandoned'),
    reopen: refused('it was never abandoned'),
  },
  conflicted: {
    plan: alreadyActive,
    revise: alreadyActive,
    start: alreadyActive,
    release: refused('its landing met a conflict. Resolve or abandon it first'),
    conflict: to('conflicted'),
    resolve: to('active'),
    complete: to('completed'),
    abandon: to('abandoned'),
    reopen: refused('it was never abandoned'),
  },
  completed: {
    plan: completed,
    revise: completed,
    start: completed,
    release: completed,
    conflict: completed,
    resolve: completed,
    complete: completed,
    abandon: completed,
    reopen: completed,
  },
  abandoned: {
    plan: abandoned,
    revise: abandoned,
    start: abandoned,
    release: abandoned,
    conflict: abandoned,
    resolve: abandoned,
    complete: abandoned,
    abandon: refused('it is abandoned already'),
    reopen: to('active'),
  },
};

/** What an event is for a session, in the words of the commands that bring it about. */
const inWords: Record<SessionEvent, string> = {
  plan: 'be made ready',
  revise: 'be revised',
  start: 'be claimed',
  release: 'be released',
  conflict: 'meet a conflict',
  resolve: 'be resolved',
  complete: 'be completed',
  abandon: 'be abandoned',
  reopen: 'be restored',
};

/** The state after `event`; throws `session/forbidden-move` with the reason. `name` is for the message. */
export function nextState(state: SessionState, event: SessionEvent, name: string): SessionState {
  const move = lifeCycle[state][event];
  if ('to' in move) return move.to;
  throw new SessionError(
    'session/forbidden-move',
    `Session ${name} cannot ${inWords[event]}: ${move.refused}.`,
  );
}
