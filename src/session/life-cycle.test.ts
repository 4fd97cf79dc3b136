import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lifeCycle, nextState, type SessionEvent, type SessionState, sessionStates } from './life-cycle.ts';

const events = Object.keys(lifeCycle.active) as SessionEvent[];

/** The table in short: the state that an event leads to, or a dash where it is refused. */
function picture(): string {
  const rows = sessionStates.map((state) => [
    state,
    ...events.map((event) => ('to' in lifeCycle[state][event] ? lifeCycle[state][event].to : '–')),
  ]);
  return [['', ...events], ...rows]
    .map((row) =>
      row
        .map((cell) => cell.padEnd(11))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

test('the life of a session is this', () => {
  assert.equal(
    `\n${picture()}\n`,
    `
           plan       revise     start      release    conflict   resolve    complete   abandon    reopen
drafting   planned    –          –          –          –          –          –          abandoned  –
planned    –          drafting   active     –          –          –          –          abandoned  –
active     –          –          –          planned    conflicted –          completed  abandoned  –
conflicted –          –          –          –          conflicted active     completed  abandoned  –
completed  –          –          –          –          –          –          –          –          –
abandoned  –          –          –          –          –          –          –          –          active
`,
  );
});

describe('every state and every event', () => {
  test('lead somewhere, or are refused with the reason and what to do instead', () => {
    for (const state of sessionStates) {
      for (const event of events) {
        const move = lifeCycle[state][event];
        if ('to' in move) {
          assert.equal(nextState(state, event, 'sess-1'), move.to);
          continue;
        }
        assert.throws(() => nextState(state, event, 'sess-1'), {
          code: 'session/forbidden-move',
          message: new RegExp(
            `^Session sess-1 cannot (be \\w+|be made ready|meet a conflict): ${move.refused}\\.$`,
          ),
        });
        assert.match(move.refused, /^it .*[^.]$|^its .*[^.]$|^nobody .*[^.]$/);
      }
    }
  });

  test('are told in the words of the commands', () => {
    assert.throws(
      () => nextState('planned', 'plan', 'x'),
      /^SessionError: .* cannot be made ready: it is planned already/,
    );
    assert.throws(() => nextState('drafting', 'start', 'x'), /cannot be claimed: .*mic session ready/);
    assert.throws(() => nextState('active', 'reopen', 'x'), /cannot be restored: /);
  });

  test('leave no state that cannot be reached, and none but completed that cannot be left', () => {
    const reached = new Set<SessionState>(['drafting']);
    for (const state of reached)
      for (const event of events) {
        const move = lifeCycle[state][event];
        if ('to' in move) reached.add(move.to);
      }
    assert.deepEqual([...reached].sort(), [...sessionStates].sort());
    const final = sessionStates.filter((state) =>
      events.every((event) => 'refused' in lifeCycle[state][event]),
    );
    assert.deepEqual(final, ['completed']);
  });
});
