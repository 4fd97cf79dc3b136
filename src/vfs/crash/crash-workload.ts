// A process for `crash.test.ts`: does the operations of `session.ts` in the overlay DIRECTORY, says on standard output how
// many are acknowledged, and dies before its step number KILL. Arguments: KILL DIRECTORY.
import { writeSync } from 'node:fs';
import { killedProject, openKilledSession, operations, perform } from './session.ts';
import { watchSteps } from './steps.ts';

const [, , kill, directory] = process.argv;
let stepsLeft = Number(kill);

const session = await openKilledSession(await killedProject(), directory!);
watchSteps(() => {
  if (--stepsLeft > 0) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment, in which nothing more must happen.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
for (const [index, operation] of operations.entries()) {
  perform(session, operation);
  session.flush();
  writeSync(1, `${index + 1}\n`);
}
