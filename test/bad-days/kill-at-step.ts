import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Kills the process that this is loaded into (`node --import`) at its step `MICELIO_KILL_AT`: steps are what it changes on
 * disk, and for each program that it starts the moment before and the one after, when that program runs on without it. Where
 * the number is beyond its last step, it ends as it would, and the number of its steps is in the file `MICELIO_STEPS_FILE`.
 */
const killAt = Number(process.env.MICELIO_KILL_AT);
const stepsFile = process.env.MICELIO_STEPS_FILE;
let steps = 0;

function step(): void {
  steps++;
  if (steps === killAt) process.kill(process.pid, 'SIGKILL');
}

type Callable = (...args: never[]) => unknown;

/** Has functions of a module take a step before they run. */
function stepBefore(module: object, names: readonly string[]): void {
  const functions = module as Record<string, Callable>;
  for (const name of names) {
    const original = functions[name]!;
    functions[name] = (...args) => {
      step();
      return original.apply(module, args);
    };
  }
}

stepBefore(
  fs,
  'appendFileSync chmodSync copyFileSync linkSync mkdirSync renameSync rmSync rmdirSync symlinkSync unlinkSync writeFileSync'.split(
    ' ',
  ),
);
stepBefore(fs.promises, 'appendFile copyFile link mkdir rename rm writeFile'.split(' '));

const { spawn } = childProcess;
childProcess.spawn = ((...args: Parameters<typeof spawn>) => {
  step();
  const child = spawn(...args);
  step();
  return child;
}) as typeof spawn;
syncBuiltinESMExports();

process.on('exit', () => {
  if (stepsFile !== undefined) fs.appendFileSync(stepsFile, `${steps}\n`);
});
