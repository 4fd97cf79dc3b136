import childProcess from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/*
 * Loaded into a process of Node.js before all else (`node --import`). Appends to the file that `TEST_PROCESSES` names, a line
 * of JSON each, with what command line and environment this process has, and every process that it starts: before that
 * runs, so that none is too short to be seen.
 */

const file = process.env.TEST_PROCESSES!;

function record(...command: readonly unknown[]): void {
  appendFileSync(file, `${JSON.stringify(command)}\n`);
}

interface Spawning {
  spawn(options: { readonly file: string; readonly args: unknown; readonly envPairs: unknown }): number;
}

record(process.argv, process.execArgv, process.env);
// Whatever starts a process without waiting for it comes through here in the end.
const processes = childProcess.ChildProcess.prototype as unknown as Spawning;
const { spawn } = processes;
processes.spawn = function (options) {
  record(options.file, options.args, options.envPairs);
  return spawn.call(this, options);
};
for (const name of ['spawnSync', 'execFileSync', 'execSync'] as const) {
  const start = childProcess[name] as (...args: unknown[]) => unknown;
  Object.assign(childProcess, {
    [name]: (...args: unknown[]) => {
      record(...args);
      return start(...args);
    },
  });
}
syncBuiltinESMExports();
