import { test } from 'node:test';
import { startAtOnce } from './starts.ts';

/** `npm run hub-starts` does the same with a hundred. */
test('twenty sessions are started at the same moment, and two completed at the same moment', async () => {
  await startAtOnce(20, 'clone', 2);
});
