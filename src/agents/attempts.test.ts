import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AttemptEvent, attemptStanding, retryAtMs, withAttempt } from './attempts.ts';

const at = Date.parse('2026-11-21T09:00:00.000Z');

/** The record after these events, a second apart. */
function recordOf(...events: readonly AttemptEvent[]): string {
  return events.reduce(
    (text, event, i) => withAttempt(text, { event, atMs: at + i * 1000, by: 'Ada on workshop' }),
    '',
  );
}

test('a record says what happened, a line each', () => {
  const entry = { event: 'failed', atMs: at + 1, by: 'Ada  on\nworkshop', reason: 'a\nb' } as const;
  assert.equal(
    withAttempt(recordOf('started'), entry),
    '# Attempts\n\n- 2026-11-21T09:00:00.000Z started, Ada on workshop\n- 2026-11-21T09:00:00.001Z failed, Ada on workshop: a b\n',
  );
});

test('attempts count until the session is given up, and what was put back does not', () => {
  assert.equal(attemptStanding('').count, 0);
  assert.equal(attemptStanding(recordOf('started', 'failed', 'started')).count, 2);
  assert.equal(attemptStanding(recordOf('started', 'failed', 'started', 'put-back')).count, 1);
  assert.equal(attemptStanding(recordOf('started', 'failed', 'given-up')).count, 0);
  assert.equal(attemptStanding('- yesterday started, Ada\n- 2026-11-21T09:00:00Z slept, Ada\n').count, 0);
});

test('a start after one that nobody ended says that it was interrupted', () => {
  const text = recordOf('started', 'started');
  assert.match(text, /started.*\n.*interrupted.*\n.*started/);
  assert.deepEqual(attemptStanding(text), { count: 2, isUnderWay: true, failedMs: undefined });
});

test('the pause doubles with each failure, and where a session was given back', () => {
  const after = (...events: readonly AttemptEvent[]) => retryAtMs(attemptStanding(recordOf(...events)), 10);
  assert.equal(after('started', 'failed'), at + 1000 + 10);
  assert.equal(after('started', 'failed', 'started', 'failed'), at + 3000 + 20);
  assert.equal(after('started', 'given-back', 'started', 'given-back'), at + 3000 + 20);
  assert.equal(after('started', 'put-back'), 0);
});
