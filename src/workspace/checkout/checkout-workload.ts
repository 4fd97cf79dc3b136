// A process for `checkout-crash.test.ts`: makes or updates a checkout, and dies before step number KILL, or half-way
// through it where it writes. Arguments: KILL create|update STORE WORKSPACE TREE.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { parseHash } from '../../base/hash.ts';
import { DirectoryStore } from '../../storage/directory/directory-store.ts';
import { contentIn } from '../fixtures.ts';
import { createCheckout, openCheckout } from './checkout.ts';

const [, , kill, action, store, workspace, tree] = process.argv;
let stepsLeft = Number(kill);

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment, in which nothing more must happen.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new Error('still alive');
}

function counted<Call extends (...args: never[]) => unknown>(call: Call): Call {
  return ((...args: Parameters<Call>) => {
    if (--stepsLeft === 0) die();
    return call(...args);
  }) as Call;
}

const { openSync, writeSync } = fs;
for (const name of [
  'renameSync',
  'linkSync',
  'unlinkSync',
  'mkdirSync',
  'rmdirSync',
  'symlinkSync',
  'chmodSync',
  'fchmodSync',
  'writeFileSync',
  'rmSync',
] as const) {
  Object.assign(fs, { [name]: counted(fs[name] as (...args: never[]) => unknown) });
}
fs.openSync = (path, flags, mode) => {
  if (flags === 'wx' && --stepsLeft === 0) die();
  return openSync(path, flags, mode);
};
fs.writeSync = ((descriptor: number, bytes: Uint8Array, offset: number, length: number) => {
  if (--stepsLeft === 0) {
    writeSync(descriptor, bytes, offset, length >> 1);
    die();
  }
  return writeSync(descriptor, bytes, offset, length);
}) as typeof fs.writeSync;
syncBuiltinESMExports();

const content = contentIn(new DirectoryStore(store!));
if (action === 'create') await createCheckout(content, workspace!, parseHash(tree!), null);
else await openCheckout(content, workspace!).update(parseHash(tree!));
