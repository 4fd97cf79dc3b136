import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeerHealth } from './peer-health.ts';

function clocked() {
  const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
  return { clock, health: new PeerHealth(clock) };
}

test('leaves out a peer that failed, longer each time, and lets one request try whether it is back', () => {
  const { clock, health } = clocked();
  health.asking('a');
  health.failed('a', 1);
  for (const pauseMs of [2000, 4000, 8000, 16_000, 32_000, 64_000, 120_000, 120_000]) {
    clock.nowMs += pauseMs - 1;
    assert.ok(!health.isWell('a'), `${pauseMs}`);
    clock.nowMs += 1;
    assert.ok(health.isWell('a'), `${pauseMs}`);
    health.asking('a');
    assert.ok(!health.isWell('a'), 'a second request must wait for the first');
    health.failed('a', 1);
  }
  assert.ok(health.isWell('b'));
  health.answered('a');
  assert.ok(health.isWell('a'));
});

test('requests that fail together count once', () => {
  const { clock, health } = clocked();
  for (let n = 0; n < 10; n++) health.asking('a');
  for (let n = 0; n < 10; n++) health.failed('a', 1);
  clock.nowMs += 4000;
  assert.ok(health.isWell('a'));
});

test('leaves out a liar for long, also when it fails as well', () => {
  const { clock, health } = clocked();
  health.lied('a');
  health.failed('a', 1);
  clock.nowMs += 10 * 60_000 - 1;
  assert.ok(!health.isWell('a'));
  clock.nowMs += 1;
  assert.ok(health.isWell('a'));
});

test('leaves out all of them once they have cost too much and given nothing', () => {
  const { clock, health } = clocked();
  health.failed('a', 400);
  health.answered('b');
  health.failed('c', 400);
  assert.ok(health.anyIsWell);
  health.failed('d', 100);
  assert.ok(!health.anyIsWell);
  clock.nowMs += 10_000;
  assert.ok(health.anyIsWell);
});
