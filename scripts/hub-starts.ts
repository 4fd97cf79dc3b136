import { test } from 'node:test';
import { startAtOnce } from '../test/agent-sessions/starts.ts';

/** Starts 100 sessions of a git repository at the same moment, and completes them at the same moment: npm run hub-starts. */
for (const kind of ['clone', 'worktree'] as const) {
  test(`100 sessions at once, each a ${kind}`, async (t) => {
    const { startMs, completeMs } = await startAtOnce(100, kind);
    t.diagnostic(
      `started in ${(startMs / 1000).toFixed(1)} s, completed in ${(completeMs / 1000).toFixed(1)} s`,
    );
  });
}
