import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync, type SQLInputValue, StatementSync } from 'node:sqlite';

/** Called before each step that changes something on the disk, and where a write has been done by half. */
export type OnStep = (what: string) => void;

const watched = ['mkdirSync', 'rmSync', 'fdatasyncSync', 'fsyncSync'] as const;

/**
 * For tests: tells of every change that the overlay makes on the disk: each statement and commit of its database, each
 * write to its spool, each file made and removed. Until the returned function is called.
 */
export function watchSteps(onStep: OnStep): () => void {
  const original = { openSync: fs.openSync, writevSync: fs.writevSync };
  const others = new Map(watched.map((name) => [name, fs[name]] as const));
  const { run } = StatementSync.prototype;
  const { exec } = DatabaseSync.prototype;

  for (const [name, call] of others) {
    Object.assign(fs, {
      [name]: (...args: never[]) => {
        onStep(name);
        return (call as (...args: never[]) => unknown)(...args);
      },
    });
  }
  fs.openSync = (path, flags, mode) => {
    if (flags === 'wx+') onStep('create');
    return original.openSync(path, flags, mode);
  };
  fs.writevSync = ((file: number, pieces: readonly Uint8Array[], position: number) => {
    onStep('write');
    const [first] = pieces as [Uint8Array];
    const half = first.length >> 1;
    if (half === 0) return original.writevSync(file, pieces, position);
    // The rest is written by whoever called: a write may write less than it was given.
    const written = original.writevSync(file, [first.subarray(0, half)], position);
    onStep('half a write');
    return written;
  }) as typeof fs.writevSync;
  StatementSync.prototype.run = function (this: StatementSync, ...values: SQLInputValue[]) {
    onStep(this.sourceSQL);
    return Reflect.apply(run, this, values) as ReturnType<typeof run>;
  } as typeof run;
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
    onStep(sql);
    return exec.call(this, sql);
  };
  syncBuiltinESMExports();

  return () => {
    Object.assign(fs, original, Object.fromEntries(others));
    StatementSync.prototype.run = run;
    DatabaseSync.prototype.exec = exec;
    syncBuiltinESMExports();
  };
}
